import { expect, test } from "vitest";
import { ControlLoop } from "../../src/control/loop.js";
import type { Act, Order, Seen } from "../../src/control/loop-effects.js";
import { planSettingsSchema, resolvePlanSettings } from "../../src/control/plan-settings.js";
import { jointManifest } from "../policy/manifests.js";
import { solvedTick } from "./fake-host.js";

const TICK = 100;

/** A loop with what comes out of it. */
function running() {
  const acts: Act[] = [];
  const orders: Order[] = [];
  const superseded: number[] = [];
  const alarm = { at: Number.POSITIVE_INFINITY };
  const manifest = jointManifest();
  const loop = new ControlLoop(
    {
      manifest,
      session: "arm",
      budgets: { tick: TICK, solve: null, maxObservationAge: null, hold: 500 },
      plan: resolvePlanSettings(planSettingsSchema.parse({ overlap: "none" }), manifest),
      safeResidual: 0.03,
    },
    {
      act: (act) => acts.push(act),
      order: (order) => orders.push(order),
      refuse: (id) => superseded.push(id),
      wake: (at) => {
        alarm.at = at;
      },
      candidate: () => undefined,
      stop: () => {},
      begin: () => {},
      admitted: () => {},
    },
  );
  return { loop, acts, orders, superseded, alarm };
}

/** The observation of a step, acquired when the step begins. */
const seen = (step: number, receivedAt: number): Seen => ({
  id: step,
  stamp: step * TICK * 1000,
  statedAgeMs: 0,
  episode: 0,
  step,
  reply: "paced",
  receivedAt,
  observation: { position: [0], target: [0, 0] },
});

test("steps that a freeze of the node swallowed are skipped, not made up for", () => {
  const { loop, acts, orders, superseded, alarm } = running();
  for (let step = 0; step < 3; step++) loop.observed(step * TICK, seen(step, step * TICK));
  loop.solved(210, orders[0].order, solvedTick(0.5));
  const before = acts.length;

  // Everything that the robot sent meanwhile is in the socket.
  for (let step = 3; step < 23; step++) {
    const now = 2290 + step / 10;
    loop.observed(now, seen(step, now));
  }
  const fromThaw = acts.slice(before);
  expect(fromThaw.map(({ step }) => step)).toEqual([22]);
  expect(orders.at(-1)?.step).toBe(22);
  expect(superseded).toEqual(Array.from({ length: 19 }, (_, k) => 3 + k));
  expect(alarm.at).toBeLessThan(2500);
});

test("a link that has become slow for good still gets an action for every observation", () => {
  const { loop, acts, orders, alarm } = running();
  for (let step = 0; step < 3; step++) loop.observed(step * TICK, seen(step, step * TICK));
  loop.solved(210, orders[0].order, solvedTick(0.5));
  const before = acts.length;
  for (let step = 3; step < 12; step++) {
    const now = step * TICK + 250;
    loop.observed(now, seen(step, now));
    expect(alarm.at).toBeLessThan(now + TICK / 2);
    loop.alarm(alarm.at);
    const order = orders.at(-1);
    if (order) loop.solved(now + 30, order.order, solvedTick(0.5));
  }
  expect(acts.slice(before).map(({ step, id }) => [step, id])).toEqual(
    Array.from({ length: 9 }, (_, k) => [3 + k, 3 + k]),
  );
  expect(acts.at(-1)?.rung).not.toBe("stop");
});
