import { gzipSync } from "node:zlib";
import type { Seen } from "./seen.js";

/** One control step of a demonstration: what was seen, and the action taken upon it. */
export interface DemonstratedStep {
  readonly observation: Seen;
  readonly action: readonly number[];
}

/** One episode that an expert has played. */
export interface Demonstration {
  readonly seed: number;
  readonly isSuccess: boolean;
  readonly steps: readonly DemonstratedStep[];
}

/**
 * A world's demonstrations as the training pipeline reads them: CSV, compressed, one row per control step, with a row of
 * names first: `episode` (the seed), `step`, every observed value as `name[index]`, and `action[index]`.
 *
 * @throws RangeError when there is nothing to write.
 */
export function toCsv(demonstrations: readonly Demonstration[]): Buffer {
  const first = demonstrations[0]?.steps[0];
  if (!first) throw new RangeError("there are no demonstrations to write");
  const names = [
    ...Object.entries(first.observation).flatMap(([name, values]) => indexed(name, values.length)),
    ...indexed("action", first.action.length),
  ];
  const lines = [["episode", "step", ...names].join(",")];
  for (const { seed, steps } of demonstrations) {
    for (const [step, { observation, action }] of steps.entries()) {
      const seen = Object.values(observation).flatMap((values) => Array.from(values));
      lines.push([seed, step, ...[...seen, ...action].map(rounded)].join(","));
    }
  }
  return gzipSync(`${lines.join("\n")}\n`);
}

function indexed(name: string, length: number): string[] {
  return Array.from({ length }, (_, k) => `${name}[${k}]`);
}

/** Training is in float32, which has seven digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(9));
}
