import { expect, it } from "vitest";
import { eventLog } from "../../../src/ros/node/event-log.js";
import type { LoopEvent, Rung } from "../../../src/telemetry/loop-event.js";

/** What the log says of a robot's events. */
function logged(...events: readonly object[]): string[] {
  const lines: string[] = [];
  const watch = eventLog((level, text) => lines.push(`${level}: ${text}`));
  for (const event of events) watch({ robot: "ros", at: 0, ...event } as LoopEvent);
  return lines;
}

const tick = (step: number, rung: Rung, reason = "", missed = rung !== "fresh") => ({
  kind: "tick",
  ...{ step, rung, reason, missed },
});
const first = tick(0, "hold", "the first chunk is being solved", false);

it("the log tells of the wait for the first chunk, and of a stop that was asked for, without alarm", () => {
  const lines = logged(
    { kind: "episode", episode: 0 },
    first,
    tick(4, "fresh"),
    { kind: "halt", reason: "the node was deactivated" },
    tick(5, "stop", "the node was deactivated"),
    { kind: "left" },
    { kind: "episode", episode: 1 },
    first,
    tick(3, "fresh"),
  );
  expect(lines).toEqual([
    "info: hold at step 0: the first chunk is being solved",
    "info: fresh chunks from step 4",
    "info: stop at step 5: the node was deactivated",
    "info: hold at step 0: the first chunk is being solved",
    "info: fresh chunks from step 3",
  ]);
});

it("the log warns of each step down the ladder once, with the reason, and tells of the way back", () => {
  const lines = logged(
    tick(0, "fresh"),
    tick(1, "rest", "no observation came"),
    tick(2, "rest", "no observation came"),
    tick(3, "hold", "no observation came"),
    tick(4, "stop", "nothing sound for 600 ms"),
    tick(9, "fresh"),
  );
  expect(lines).toEqual([
    "info: fresh chunks from step 0",
    "warn: rest at step 1: no observation came",
    "warn: hold at step 3: no observation came",
    "warn: stop at step 4: nothing sound for 600 ms",
    "info: fresh chunks again from step 9",
  ]);
});

it("the log has the loss of a worker as an error", () => {
  expect(logged({ kind: "worker", state: "lost", message: "it ended" })).toEqual(["error: it ended"]);
  expect(logged({ kind: "worker", state: "ready", message: "a new one" })).toEqual(["info: a new one"]);
});
