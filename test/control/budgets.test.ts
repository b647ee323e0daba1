import { describe, expect, test } from "vitest";
import { adviceOn, budgetsSchema, describeBudgets, resolveBudgets } from "../../src/control/budgets.js";
import { planSettingsSchema, resolvePlanSettings } from "../../src/control/plan-settings.js";
import { jointManifest } from "../policy/manifests.js";

/** 10 Hz, chunks of 5 rows of which 3 are executed. */
const manifest = jointManifest();
const planOf = (settings: Parameters<typeof planSettingsSchema.parse>[0] = {}) =>
  resolvePlanSettings(planSettingsSchema.parse(settings), manifest);
const budgetsOf = async (settings: unknown, plan = planOf()) =>
  resolveBudgets(await budgetsSchema.parseAsync(settings), manifest, plan);

describe("budgets", () => {
  test("come from the policy where nothing is said", async () => {
    expect(await budgetsOf({})).toEqual({ tick: 100, solve: null, maxObservationAge: 500, hold: 500 });
  });

  test("are read with their units", async () => {
    const written = { tick: "0.1 s", solve: "40 ms", max_observation_age: "260 ms", hold: "2 s" };
    expect(await budgetsOf(written)).toEqual({ tick: 100, solve: 40, maxObservationAge: 260, hold: 2000 });
  });

  test("of 0 are off", async () => {
    const written = { solve: "0 ms", max_observation_age: "0 ms", hold: "0 ms" };
    expect(await budgetsOf(written)).toEqual({ tick: 100, solve: null, maxObservationAge: null, hold: null });
  });

  test.each([
    [{ tick: "50 ms" }, /tick is 50 ms, but policy "joint" was trained for 10 Hz: write 100 ms/],
    [{ tick: "0 ms" }, /tick is off/],
    [
      { solve: "40 ms", max_observation_age: "150 ms" },
      /max_observation_age is 150 ms.*200 ms after its observation.*allow at least 240 ms/,
    ],
  ])("%j contradict themselves", async (written, message) => {
    await expect(budgetsOf(written)).rejects.toThrow(message);
  });

  test("that leave too little time for what is begun ahead are pointed out", async () => {
    const plan = planOf({ overlap: "freeze", ahead: 2 });
    expect(adviceOn(await budgetsOf({ solve: "200 ms" }, plan), plan)).toBeUndefined();
    expect(adviceOn(await budgetsOf({ solve: "250 ms" }, plan), plan)).toMatch(
      /may take 250 ms.*2 steps \(200 ms\) ahead.*raise plan.ahead/,
    );
    expect(adviceOn(await budgetsOf({ solve: "250 ms" }), planOf())).toBeUndefined();
  });

  test("are described for a person", async () => {
    expect(describeBudgets(await budgetsOf({ solve: "40 ms" }))).toBe(
      "tick 100 ms, solve 40 ms, observations up to 540 ms old, hold 500 ms",
    );
  });
});

describe("a plan's settings", () => {
  test("come from the policy where nothing is said", () => {
    expect(planOf()).toEqual({
      execute: 3,
      overlap: "none",
      ahead: 0,
      blend: "quintic",
      blendSteps: 4,
      commands: 1,
    });
    expect(planOf({ overlap: "predict" }).ahead).toBe(1);
  });

  test.each([
    [{ execute: 6 }, /plan.execute 6/],
    [{ execute: 4, overlap: "freeze", ahead: 2 }, /plan.execute 4 with plan.ahead 2.*chunks of 5 steps/],
    [{ execute: 1, overlap: "freeze", ahead: 2 }, /ahead is at most execute/],
    [{ command_rate_hz: 25 }, /command_rate_hz is 25; give a whole multiple of the policy's 10 Hz/],
    [{ ahead: 2 }, /plan.ahead is 2, but nothing is solved ahead without an overlap/],
  ] as const)("%j do not fit", (settings, message) => {
    expect(() => planOf(settings)).toThrow(message);
  });
});
