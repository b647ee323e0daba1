import { isDeepStrictEqual } from "node:util";
import type { Act, Order } from "../control/loop-effects.js";
import type { Candidate, TickResult } from "../inference/tick.js";
import type { OrderEvent, TickRecord } from "../telemetry/loop-event.js";

/** Everything of an action but when it went out, and how long that took. */
const DECIDED = [
  "episode",
  "step",
  "id",
  "trigger",
  "rung",
  "reason",
  "missed",
  "action",
  "ahead",
  "plan",
] as const;

/** How an action is not the recorded one, in words; undefined when both have the same bits. */
export function actDifference(again: Act, recorded: TickRecord): string | undefined {
  return firstDifference(pick(again, DECIDED), pick(recorded, DECIDED));
}

/** How an order asks for something else than the recorded one. */
export function orderDifference(again: Order, recorded: OrderEvent): string | undefined {
  const names = ["order", "step", "isPredicted", "request"] as const;
  return firstDifference(pick(again, names), pick(recorded, names));
}

/** How the end of a solve is another one than the recorded, however long it took. */
export function resultDifference(again: TickResult, recorded: TickResult): string | undefined {
  const { timings: _again, ...one } = again;
  const { timings: _recorded, ...other } = recorded;
  return firstDifference(one, other);
}

export function candidateDifference(again: Candidate, recorded: Candidate): string | undefined {
  return firstDifference(again, recorded);
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}

/** The first place at which two values differ in a bit. */
function firstDifference(again: unknown, recorded: unknown, at = ""): string | undefined {
  if (isDeepStrictEqual(again, recorded)) return undefined;
  if (isComposite(again) && isComposite(recorded)) {
    const names = new Set([...Object.keys(recorded), ...Object.keys(again)]);
    for (const name of names) {
      const found = firstDifference(again[name], recorded[name], at === "" ? name : `${at}.${name}`);
      if (found) return found;
    }
  }
  return `${at} is ${shown(again)} instead of ${shown(recorded)}`;
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (isComposite(value)) return "there";
  return value === undefined ? "absent" : String(value === "" ? '""' : value);
}
