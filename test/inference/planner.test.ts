import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BatchCurve } from "../../src/inference/batch-curve.js";
import { expectedMs, largestBatch, plan } from "../../src/inference/planner.js";
import { type SolverSettings, solverSettingsSchema } from "../../src/inference/settings.js";
import { solverFigures } from "../../src/inference/solver-figures.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import type { StatisticsRow } from "../../src/policy/solver-statistics.js";
import { jointManifest } from "../policy/manifests.js";

const situation = { rule: "ddpm", steps: 100, stride: 8 };
const auto = (changes: Partial<SolverSettings> = {}) =>
  solverSettingsSchema.parse({ name: "auto", ...changes });

/** A device on which a call costs so much and every sample in it so much more. */
const device = (perCall: number, perSample: number): BatchCurve =>
  [1, 10, 50, 100].map((batch) => ({ batch, ms: perCall + perSample * batch }));

const gpu = device(1.5, 0.005);
const oneCore = device(0.05, 1);
const between = device(0.5, 0.1);

function row(changes: Partial<StatisticsRow> = {}): StatisticsRow {
  return {
    rule: "ddpm",
    steps: 100,
    solver: "semilinear",
    options: {},
    start: "cold",
    states: 50,
    calls: { 100: 1, 99: 1, 98: 0.5 },
    error_p99: 0.01,
    ...changes,
  };
}

const semilinear = [
  row({ calls: { 100: 1, 99: 1, 98: 1, 97: 1, 96: 1 } }),
  row({ start: "warm", stride: 8, calls: { 100: 1, 99: 1, 98: 1 } }),
  row({ start: "warm", stride: 1, calls: { 100: 1, 99: 1 } }),
];
const picard = [10, 20].flatMap((window) => [
  row({ solver: "picard", options: { window }, calls: { [window]: 500 / window } }),
  row({ solver: "picard", options: { window }, start: "warm", stride: 8, calls: { [window]: 240 / window } }),
]);
const figures = { rows: [...semilinear, ...picard], origin: "from the test's figures" };
const choose = (curve: BatchCurve, wanted = auto(), rows: readonly StatisticsRow[] = figures.rows) =>
  plan(curve, wanted, { ...figures, rows }, situation);

test("the expected time is the sum over calls, each as often as it is made", () => {
  expect(expectedMs(device(1, 0.1), row())).toBeCloseTo(11 + 10.9 + 0.5 * 10.8, 9);
});

test("the largest batch is that of any solver on the same chain", () => {
  const foreign = row({ rule: "ddim", calls: { 300: 1 } });
  expect(largestBatch({ ...figures, rows: [...semilinear, foreign] }, situation)).toBe(100);
  expect(largestBatch({ ...figures, rows: [foreign] }, situation)).toBe(1);
});

describe("the choice", () => {
  test("is semilinear where a batch costs as much as a sample", () => {
    const { settings, expectedMs: ms } = choose(gpu);
    expect(settings.name).toBe("semilinear");
    expect(ms).toBeCloseTo(3 * 1.5 + 297 * 0.005, 9);
  });

  test("is sequential where a batch costs as much as its samples one by one", () => {
    const { settings, expectedMs: ms } = choose(oneCore);
    expect(settings.name).toBe("sequential");
    expect(ms).toBeCloseTo(105, 9);
  });

  test("is a window between the two in between, and the window that suits", () => {
    expect(choose(between).settings).toMatchObject({ name: "picard", window: 20 });
    // A device with room for ten at once.
    const curve = [
      { batch: 1, ms: 1 },
      { batch: 10, ms: 1 },
      { batch: 20, ms: 3 },
      { batch: 100, ms: 20 },
    ];
    expect(choose(curve).settings).toMatchObject({ name: "picard", window: 10 });
  });

  test("counts cold solves when every solve is cold", () => {
    const curve = device(1, 0.25);
    expect(choose(curve).settings.name).not.toBe("sequential");
    expect(choose(curve, auto({ warm: false })).settings.name).toBe("sequential");
  });

  test("counts the warm start at the stride that is executed, or the next longer one", () => {
    const at = (stride: number) =>
      plan(gpu, auto(), { ...figures, rows: semilinear }, { ...situation, stride });
    expect(at(1).expectedMs).toBeCloseTo(2 * 1.5 + 199 * 0.005, 9);
    for (const stride of [2, 8]) expect(at(stride).expectedMs).toBeCloseTo(3 * 1.5 + 297 * 0.005, 9);
    // Nothing recorded goes so far: a cold solve is the most it can cost.
    expect(at(9).expectedMs).toBeCloseTo(5 * 1.5 + 490 * 0.005, 9);
  });

  test("keeps the rest of the settings and drops what was meant for another solver", () => {
    const wanted = auto({ window: 7, tolerance: 0.03, coupling: 0.5, seed: 4 });
    const { settings } = choose(gpu, wanted);
    expect(settings).toEqual(solverSettingsSchema.parse({ name: "semilinear", coupling: 0.5, seed: 4 }));
  });

  test("never changes the chain", () => {
    const foreign = [row({ rule: "ddim", calls: { 1: 1 } }), row({ steps: 10, calls: { 1: 1 } })];
    expect(choose(gpu, auto(), foreign).settings.name).toBe("sequential");
  });

  test("is sequential when nothing is recorded at all", () => {
    expect(choose(gpu, auto(), []).settings.name).toBe("sequential");
  });

  test("passes over a solver that errs too much, warm or at the first tick", () => {
    const tight = auto({ tolerance: 0.005 });
    expect(choose(gpu, tight).settings.name).toBe("sequential");
    const [cold, warm] = semilinear;
    expect(choose(gpu, auto(), [{ ...cold, error_p99: 0.06 }, warm]).settings.name).toBe("sequential");
    expect(choose(gpu, auto(), [cold, { ...warm, error_p99: 0.06 }]).settings.name).toBe("sequential");
    expect(choose(gpu, auto(), [cold, { ...warm, error_p99: 0.05 }]).settings.name).toBe("semilinear");
  });

  test("cannot be a solver that this version does not have", () => {
    const unknown = [row({ solver: "telepathy", calls: { 1: 1 } })];
    expect(() => choose(gpu, auto(), unknown)).toThrow(ConfigurationError);
    expect(() => choose(gpu, auto(), unknown)).toThrow(/statistics\.json.*"telepathy".*measure again/s);
  });
});

describe("for any figures", () => {
  const rows = fc.array(
    fc.record({
      window: fc.integer({ min: 1, max: 40 }),
      start: fc.constantFrom("cold" as const, "warm" as const),
      calls: fc.dictionary(
        fc.integer({ min: 1, max: 100 }).map(String),
        fc.double({ min: 0.01, max: 60, noNaN: true }),
        {
          minKeys: 1,
        },
      ),
      error_p99: fc.double({ min: 0, max: 0.1, noNaN: true }),
    }),
    { maxLength: 12 },
  );
  const cost = fc.double({ min: 0.001, max: 10, noNaN: true });
  // One row per window and start, as a benchmark records them.
  const recorded = rows.map((list) =>
    [...new Map(list.map((one) => [`${one.window} ${one.start}`, one])).values()].map(
      ({ window, start, ...rest }) =>
        row({
          ...rest,
          start,
          solver: "picard",
          options: { window },
          ...(start === "warm" ? { stride: 8 } : {}),
        }),
    ),
  );

  test("the choice is the cheapest of those that are accurate enough, sequential among them", () => {
    fc.assert(
      fc.property(recorded, cost, cost, fc.boolean(), (list, perCall, perSample, warm) => {
        const curve = device(perCall, perSample);
        const { settings, expectedMs: ms } = choose(curve, auto({ warm }), list);
        const windows = [...new Set(list.map(({ options }) => options.window))];
        const eligible = windows.flatMap((window) => {
          const cold = list.find((one) => one.options.window === window && one.start === "cold");
          const hot = list.find((one) => one.options.window === window && one.start === "warm");
          const used = warm ? [hot ?? cold, cold] : [cold];
          if (!used[0] || used.some((one) => one && one.error_p99 > 0.05)) return [];
          return [{ window, ms: expectedMs(curve, used[0]) }];
        });
        const best = Math.min(expectedMs(curve, { calls: { 1: 100 } }), ...eligible.map((one) => one.ms));
        expect(ms).toBe(best);
        if (settings.name === "picard") {
          expect(eligible.find(({ window }) => window === settings.window)?.ms).toBe(best);
        } else expect(settings.name).toBe("sequential");
      }),
    );
  });

  test("cheaper samples in a batch never make it choose more calls one after another", () => {
    fc.assert(
      fc.property(recorded, cost, cost, cost, (list, perCall, one, other) => {
        const callsAt = (perSample: number) => {
          const { settings } = choose(device(perCall, perSample), auto({ warm: false }), list);
          const chosen = list.find(
            ({ options, start }) =>
              settings.name === "picard" && options.window === settings.window && start === "cold",
          );
          return chosen ? Object.values(chosen.calls).reduce((sum, count) => sum + count, 0) : 100;
        };
        expect(callsAt(Math.min(one, other))).toBeLessThanOrEqual(callsAt(Math.max(one, other)) + 1e-6);
      }),
    );
  });
});

describe("the explanation", () => {
  test("has the numbers of the choice and of what was not chosen, in one line", () => {
    const { explanation } = choose(device(20, 0.1));
    expect(explanation).toBe(
      "semilinear: 3.0 sweeps of ~99 evaluations from a warm start, 8 executed, about 90 ms (149 ms cold); " +
        "picard (window 20) would take 264 ms; sequential would take 2010 ms; from the test's figures",
    );
  });

  test("says sequential in its own words", () => {
    expect(choose(oneCore).explanation).toMatch(
      /^sequential: 100 evaluations one by one, about 105 ms; picard/,
    );
  });

  test("says that a faster solver errs too much", () => {
    expect(choose(gpu, auto({ tolerance: 0.005 })).explanation).toContain(
      "semilinear would take 6.0 ms, but its error of 0.01 is above 0.005",
    );
  });
});

describe("a policy that nobody has measured", () => {
  const manifest = jointManifest();
  const steps = manifest.diffusion.levels;
  const statistics = {
    format: "parapilot-statistics/1" as const,
    denoiser: manifest.denoiser.sha256,
    command: "parapilot bench samplers",
    rows: semilinear,
  };

  test("is planned by general figures, and says so", () => {
    const known = solverFigures(manifest, undefined);
    const at = { rule: "ddpm", steps, stride: 3 };
    expect(plan(gpu, auto(), known, at)).toMatchObject({ settings: { name: "semilinear", slope: "secant" } });
    expect(plan(oneCore, auto(), known, at).settings.name).toBe("sequential");
    expect(plan(gpu, auto(), known, at).explanation).toMatch(/general figures.*no statistics\.json/);
  });

  test("has sweeps and evaluations as published, on 100 steps", () => {
    const hundred = jointManifest({ "diffusion.levels": 100 });
    const sums = solverFigures(hundred, undefined).rows.map(({ calls, solver, start, stride }) => {
      const entries = Object.entries(calls);
      const sweeps = entries.reduce((sum, [, count]) => sum + count, 0);
      const evaluations = entries.reduce((sum, [batch, count]) => sum + Number(batch) * count, 0);
      return [solver, start, stride, sweeps.toFixed(2), evaluations.toFixed(0)].join(" ");
    });
    expect(sums).toContain("picard cold  25.00 390");
    expect(sums).toContain("semilinear warm 8 3.98 392");
  });

  test("never has a batch of more than its steps", () => {
    for (const levels of [1, 2, 5, 10]) {
      const few = jointManifest({ "diffusion.levels": levels });
      for (const { calls } of solverFigures(few, undefined).rows) {
        for (const batch of Object.keys(calls)) expect(Number(batch)).toBeLessThanOrEqual(levels);
        for (const batch of Object.keys(calls)) expect(Number(batch)).toBeGreaterThanOrEqual(1);
      }
    }
  });

  test("is one whose statistics are of another network", () => {
    expect(solverFigures(manifest, statistics)).toEqual({
      rows: semilinear,
      origin: "from the policy's statistics.json",
    });
    const other = solverFigures(manifest, { ...statistics, denoiser: "b".repeat(64) });
    expect(other.rows).toEqual(solverFigures(manifest, undefined).rows);
    expect(other.origin).toContain("another network; measure again: parapilot bench samplers");
  });
});
