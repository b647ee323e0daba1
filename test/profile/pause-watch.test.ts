import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type Pause, PauseWatch } from "../../src/profile/pause-watch.js";
import { monotonicMs } from "../../src/time/clock.js";

test("tells of a collection of garbage, on the clock that the loop's events are on", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const told: Pause[] = [];
  const watch = new PauseWatch((pause) => told.push(pause));
  const before = monotonicMs();
  collect();
  const after = monotonicMs();
  const isTold = () => told.some(({ at, ms }) => at >= before - 1 && at + ms <= after + 1 && ms > 0);
  while (!isTold()) await new Promise((resolve) => setImmediate(resolve));
  const { p50, p99, max } = watch.stop();
  for (const late of [p50, p99, max]) expect(late).toBeGreaterThanOrEqual(0);
});
