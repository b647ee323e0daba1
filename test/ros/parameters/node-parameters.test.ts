import { describe, expect, it } from "vitest";
import { checkLaunch, type LaunchDocument } from "../../../src/launch/launch.js";
import type { ParameterValue } from "../../../src/ros/graph.js";
import { changeCheck } from "../../../src/ros/parameters/change.js";
import { flatten, unflatten } from "../../../src/ros/parameters/flatten.js";
import { jointManifest } from "../../policy/manifests.js";
import { MemoryGraph } from "../memory-graph.js";
import { JOINT_LAUNCH } from "./launches.js";

/** A node with the parameters of a launch file, and what a parameter file says of them. */
async function started(parameters: Record<string, ParameterValue>) {
  const graph = new MemoryGraph("/parapilot", { parameters });
  let document: LaunchDocument = unflatten(JOINT_LAUNCH, graph.parameters.declare(flatten(JOINT_LAUNCH)));
  const launch = await checkLaunch(document, "the node's parameters");
  const checkChange = await changeCheck();
  graph.parameters.guard((changes) => {
    const change = checkChange(document, changes, { manifest: jointManifest(), isCalibrated: false });
    if (!change.ok) return change.reason;
    document = change.document;
    return undefined;
  });
  return { launch, parameters: graph.parameters, document: () => document };
}

describe("a node's parameters", () => {
  it("are the launch file's, but for what a parameter file says", async () => {
    const { launch } = await started({
      "solver.name": "anderson",
      "solver.tolerance": -1,
      "budgets.hold": "0 ms",
      "ros.observations.position.topic": "/arm/joint_states",
      "ros.observations.position.joints": ["wrist"],
    });
    expect(launch.solver).toMatchObject({ name: "anderson" });
    expect(launch.solver.tolerance).toBeUndefined();
    expect(launch.budgets).toEqual({ solve: 40, hold: null });
    expect(launch.ros?.observations.position).toMatchObject({
      topic: "/arm/joint_states",
      joints: ["wrist"],
    });
    expect(launch.policy).toBe("/policies/joint");
  });

  it("are refused at the start with their names, when they cannot be", async () => {
    await expect(started({ "budgets.hold": "soon", "ros.actions.0.topic": "" })).rejects.toThrow(
      /the node's parameters: budgets\.hold: must be a duration[\s\S]*ros\.actions\.0\.topic/,
    );
  });

  it("change one after the other, and stay as they were where a change is refused", async () => {
    const { parameters, document } = await started({});
    expect(parameters.set({ "budgets.solve": "60 ms" })).toBeUndefined();
    expect(parameters.set({ "solver.name": "sequential", "solver.tolerance": -1 })).toBeUndefined();
    expect(parameters.set({ "budgets.tick": "50 ms" })).toMatch(/trained for 10 Hz/);
    expect(parameters.set({ "solver.coupling": -1 })).toBeUndefined();
    expect(parameters.set({ "solver.seed": 4 })).toMatch(/read-only/);
    expect(parameters.get("budgets.tick")).toBe("");
    const { solver, budgets } = await checkLaunch(document(), "the test");
    expect(solver).toMatchObject({ name: "sequential", warm: true, seed: 0 });
    expect([solver.tolerance, solver.coupling]).toEqual([undefined, undefined]);
    expect(budgets).toEqual({ solve: 60 });
  });
});
