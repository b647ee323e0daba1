import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { PushTReset } from "../../../sim/pusht/env.js";

/** One episode as fixtures/record.py writes it. */
export interface ReferenceEpisode {
  readonly kind: string;
  readonly reset: PushTReset;
  readonly actions: readonly number[][];
  /** After each action. */
  readonly states: readonly number[][];
  readonly contacts: readonly number[];
  readonly coverage: readonly number[];
}

export function readReference(): ReferenceEpisode[] {
  return JSON.parse(readFileSync("test/sim/pusht/fixtures/reference.json", "utf8"));
}

/** One recorded demonstration step: the state before the action, and the action. */
export interface DemoStep {
  readonly state: number[];
  readonly action: number[];
}

const DEMOS = "../shared/data/pusht/demos.csv.gz";

/** The 206 human demonstrations in order of their seed, or undefined (and a word on the console) where they are not at hand. */
export function readDemos(): DemoStep[][] | undefined {
  if (!existsSync(DEMOS)) {
    console.warn(
      `skipped: the PushT demonstrations are not here (${DEMOS}); they are no part of the repository`,
    );
    return undefined;
  }
  const [, ...rows] = gunzipSync(readFileSync(DEMOS)).toString().trim().split("\n");
  const demos: DemoStep[][] = [];
  for (const row of rows) {
    const [episode, , ...values] = row.split(",").map(Number);
    demos[episode] ??= [];
    demos[episode].push({ state: values.slice(0, 5), action: values.slice(5) });
  }
  return demos;
}

/** The largest difference of two states; angles are compared around the circle. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const turn = Math.abs(a[4] - b[4]);
  const position = [0, 1, 2, 3].map((i) => Math.abs(a[i] - b[i]));
  return Math.max(...position, Math.min(turn, 2 * Math.PI - turn));
}

/** The state to reset with so that the block's own origin ends up at (x, y). */
export function resetState(agentX: number, agentY: number, x: number, y: number, angle: number): number[] {
  return [agentX, agentY, x - 45 * Math.sin(angle), y - 45 + 45 * Math.cos(angle), angle];
}
