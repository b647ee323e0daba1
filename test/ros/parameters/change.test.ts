import { beforeAll, describe, expect, it } from "vitest";
import type { ParameterValue } from "../../../src/ros/graph.js";
import { type ChangeCheck, changeCheck, type RunningPolicy } from "../../../src/ros/parameters/change.js";
import { jointManifest } from "../../policy/manifests.js";
import { JOINT_LAUNCH } from "./launches.js";

const policy: RunningPolicy = { manifest: jointManifest(), isCalibrated: false };
let checkChange: ChangeCheck;
beforeAll(async () => {
  checkChange = await changeCheck();
});
const change = (changes: Record<string, ParameterValue>, running: RunningPolicy | undefined = policy) =>
  checkChange(JOINT_LAUNCH, new Map(Object.entries(changes)), running);

describe("a change of parameters", () => {
  it("gives the launch that it comes to", () => {
    const found = change({ "solver.name": "anderson", "solver.tolerance": 0.02, "budgets.solve": "0.05 s" });
    expect(found).toMatchObject({
      ok: true,
      document: { solver: { name: "anderson", tolerance: 0.02 }, budgets: { solve: "0.05 s" } },
      launch: { solver: { name: "anderson", tolerance: 0.02, warm: true }, budgets: { solve: 50 } },
    });
  });

  it("leaves the document that it starts from as it is", () => {
    const before = structuredClone(JOINT_LAUNCH);
    change({ "solver.tolerance": -1, "budgets.solve": "" });
    expect(JOINT_LAUNCH).toEqual(before);
  });

  it.each<[Record<string, ParameterValue>, RegExp]>([
    [{ "solver.coupling": 1.5 }, /^solver\.coupling: .*1.*found 1\.5/],
    [{ "solver.tolerance": -0.5 }, /^solver\.tolerance: .*found -0\.5/],
    [{ "solver.tolerance": Number.NaN }, /^solver\.tolerance: /],
    [{ "solver.name": "newton" }, /^solver\.name: .*semilinear.*found "newton"/],
    [{ "solver.name": "speculative", "solver.coupling": 1 }, /^solver\.coupling: .*speculative/],
    [{ "solver.name": "auto" }, /^solver\.name auto measures/],
    [{ "solver.name": "semilinear", "solver.slope": "calibrated" }, /no calibration/],
    [{ "solver.window": 0 }, /^solver\.window: .*found 0/],
    [{ "budgets.solve": "40" }, /^budgets\.solve: must be a duration.*found "40"/],
    [{ "budgets.solve": "40 Ms" }, /^budgets\.solve: must be a duration/],
    [{ "budgets.tick": "50 ms" }, /^budgets\.tick is 50 ms, but policy "joint" was trained for 10 Hz/],
    [{ "budgets.max_observation_age": "50 ms" }, /^budgets\.max_observation_age is 50 ms.*at least 240 ms/],
    [{ policy: "/other" }, /^policy is fixed while the node runs; .*-p policy:=/],
    [{ "solver.seed": 3 }, /^solver\.seed is fixed/],
    [{ "solver.rule.steps": 3 }, /^solver\.rule\.steps is fixed/],
    [{ "ros.observations.position.topic": "x" }, /is fixed while the node runs/],
    [{ "solver.coupling": 2, "budgets.hold": "x" }, /^solver\.coupling: .*; budgets\.hold: /],
  ])("%j is refused with the reason", (changes, reason) => {
    const found = change(changes);
    expect(found).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
    expect(found.ok ? "" : found.reason).not.toContain("\n");
  });

  it("may change what else there is of a solver that was chosen at the start", () => {
    const auto = { ...JOINT_LAUNCH, solver: { name: "auto" } } as const;
    const found = (name: string, value: ParameterValue) =>
      checkChange(auto, new Map([[name, value]]), policy);
    expect(found("budgets.solve", "60 ms").ok).toBe(true);
    expect(found("solver.coupling", 0.5).ok).toBe(true);
    expect(found("solver.name", "anderson").ok).toBe(true);
    expect(found("solver.tolerance", 0.01)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("solver.tolerance was what solver.name auto measured with"),
    });
  });

  it("may set what is fixed to what it is", () => {
    expect(change({ policy: "/policies/joint", "solver.seed": 0 }).ok).toBe(true);
    expect(change({ "ros.observations.position.scale": Number.NaN }).ok).toBe(true);
    expect(change({ "ros.observations.position.joints": ["elbow"] }).ok).toBe(true);
  });

  it("leaves parameters of others alone", () => {
    expect(change({ use_sim_time: true }).ok).toBe(true);
  });

  it("looks at nothing that needs the policy before one is loaded", () => {
    expect(change({ "budgets.tick": "50 ms" }, undefined)).toMatchObject({ ok: false });
    const early = (changes: Record<string, ParameterValue>) =>
      checkChange(JOINT_LAUNCH, new Map(Object.entries(changes)), undefined);
    expect(early({ "budgets.tick": "50 ms" }).ok).toBe(true);
    expect(early({ "solver.name": "auto" }).ok).toBe(true);
    expect(early({ "solver.coupling": 2 }).ok).toBe(false);
  });
});
