import { expect, test } from "vitest";
import { contendersFor } from "../../src/bench/contenders.js";
import { recordedStatistics } from "../../src/bench/recorded-statistics.js";
import { plan } from "../../src/inference/planner.js";
import { solverSettingsSchema } from "../../src/inference/settings.js";
import { solverFigures } from "../../src/inference/solver-figures.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { jointManifest } from "../policy/manifests.js";
import { samplerRow } from "./sampler-rows.js";

const manifest = jointManifest();
const contenders = contendersFor(100, true);
const situation = { rule: "ddpm", steps: 100, stride: 8 };

test("what is recorded is what the planner chooses from", () => {
  const semilinear = { name: "semilinear calibrated", solver: "semilinear", error_p99: 0.03 };
  const rows = [
    samplerRow(),
    samplerRow({ ...semilinear, calls: { 35: 1, 140: 2 } }),
    samplerRow({ ...semilinear, start: "warm", calls: { 75: 1, 100: 1 } }),
  ];
  const recorded = recordedStatistics({ manifest }, rows, contenders, "measure again");
  expect(recorded.rows).toHaveLength(3);
  const figures = solverFigures(manifest, recorded);
  const wanted = solverSettingsSchema.parse({ name: "auto" });
  const flat = [1, 100, 140].map((batch) => ({ batch, ms: 1 }));
  const chosen = plan(flat, wanted, figures, situation);
  expect(chosen.settings).toMatchObject({ name: "semilinear", slope: "calibrated" });
  expect(chosen.expectedMs).toBeCloseTo(2, 9);
  const linear = [1, 100, 140].map((batch) => ({ batch, ms: batch }));
  expect(plan(linear, wanted, figures, situation).settings.name).toBe("sequential");
});

test("sequential sampling and what has no error are not recorded", () => {
  const rows = [
    samplerRow({ name: "DDPM-100", solver: "sequential" }),
    samplerRow({ name: "speculative", solver: "speculative", error_p99: null }),
  ];
  expect(recordedStatistics({ manifest }, rows, contenders, "measure again").rows).toEqual([]);
});

test("contenders are found by name in any case; an unknown one is refused with the names there are", () => {
  expect(contendersFor(100, true, { only: ["paraddpm", "Semilinear"] }).map(({ name }) => name)).toEqual([
    "ParaDDPM",
    "semilinear calibrated",
  ]);
  expect(() => contendersFor(100, true, { only: ["magic"] })).toThrow(ConfigurationError);
  expect(() => contendersFor(100, false, { only: ["semilinear-calibrated"] })).toThrow("calibration");
});
