import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLaunch, type LaunchDocument, launchSchema, readLaunch } from "../../../src/launch/launch.js";
import type { ParameterDeclaration, ParameterValue } from "../../../src/ros/graph.js";
import { flatten, unflatten } from "../../../src/ros/parameters/flatten.js";
import { anyLaunch, JOINT_LAUNCH } from "./launches.js";

const checked = (document: unknown) => checkLaunch(document, "the test");
const valuesOf = (document: LaunchDocument): Map<string, ParameterValue> =>
  new Map(flatten(document).map(({ name, value }) => [name, value]));
const find = (document: LaunchDocument, wanted: string): ParameterDeclaration => {
  const found = flatten(document).find(({ name }) => name === wanted);
  if (!found) throw new Error(`no parameter is called ${wanted}`);
  return found;
};

const isOfType = ({ type, value }: ParameterDeclaration): boolean => {
  if (type === "bool") return typeof value === "boolean";
  if (type === "integer") return Number.isSafeInteger(value);
  if (type === "double") return typeof value === "number";
  if (type === "string") return typeof value === "string";
  const entry = type === "string_array" ? "string" : "number";
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === entry);
};

describe("a launch file as parameters", () => {
  it("comes back as it was, whatever is written or left out", async () => {
    await fc.assert(
      fc.asyncProperty(anyLaunch, async (document) => {
        const back = unflatten(document, valuesOf(document));
        expect(await checked(back)).toEqual(await checked(document));
      }),
    );
  });

  it("comes back over another one with the same topics", async () => {
    await fc.assert(
      fc.asyncProperty(anyLaunch, anyLaunch, async (document, { ros, ...other }) => {
        const { ros: topics, ...settings } = document;
        const wanted = { ...other, ...(topics ? { ros: topics } : {}) };
        expect(await checked(unflatten(document, valuesOf(wanted)))).toEqual(await checked(wanted));
        expect(await checked(unflatten(settings, valuesOf(other)))).toEqual(await checked(other));
      }),
    );
  });

  it("has values of the declared types, inside the declared ranges, each explained", () => {
    fc.assert(
      fc.property(anyLaunch, (document) => {
        for (const declaration of flatten(document)) {
          const { name, value, range, description } = declaration;
          expect(isOfType(declaration), `${name} ${JSON.stringify(declaration)}`).toBe(true);
          expect(description.replace(/^\w+( \| |$).*/, ""), name).not.toBe("");
          if (range) {
            expect(value, name).toBeGreaterThanOrEqual(range.min);
            expect(value, name).toBeLessThanOrEqual(range.max);
          }
        }
      }),
    );
  });

  it("names every setting by its dotted path, whether the file has it or not", () => {
    const names = [...valuesOf({ policy: "p" }).keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        "policy",
        "solver.name",
        "solver.rule.steps",
        "solver.coupling",
        "runtime.provider",
        "budgets.solve",
        "plan.ahead",
        "log",
        "record",
        "view",
      ]),
    );
    const written = Object.keys(launchSchema.shape).filter((part) => part !== "ros");
    expect(new Set(names.map((name) => name.split(".")[0]))).toEqual(new Set(written));
  });

  it("names topics by observation, by the action's place in its list, and joints by their names", () => {
    const values = valuesOf(JOINT_LAUNCH);
    expect(values.get("ros.observations.position.topic")).toBe("joint_states");
    expect(values.get("ros.observations.position.joints")).toEqual(["elbow"]);
    expect(values.get("ros.observations.target.body_points")).toBe("[[0,0],[0.1,0,0.2]]");
    expect(values.get("ros.observations.target.qos.depth")).toBe(2);
    expect(values.get("ros.actions.0.joints.elbow")).toBe("goal");
    expect(values.get("ros.actions.1.actions")).toEqual(["goal"]);
    expect(values.get("ros.actions.1.unit")).toBe("deg");
  });

  it("shows the default where the file says nothing, and a stand-in where there is none", () => {
    const values = valuesOf({ policy: "p" });
    expect(values.get("solver.name")).toBe("semilinear");
    expect(values.get("solver.warm")).toBe(true);
    expect(values.get("solver.tolerance")).toBe(-1);
    expect(values.get("solver.window")).toBe(-1);
    expect(values.get("solver.slope")).toBe("");
    expect(values.get("budgets.solve")).toBe("");
    expect(values.get("view")).toBe("");
    expect(valuesOf(JOINT_LAUNCH).get("ros.observations.position.scale")).toBeNaN();
    expect(valuesOf(JOINT_LAUNCH).get("ros.observations.target.fields")).toEqual([""]);
  });

  it("says what is allowed", () => {
    expect(find(JOINT_LAUNCH, "solver.coupling")).toMatchObject({
      type: "double",
      range: { min: -1, max: 1 },
      description: expect.stringMatching(/previous tick's noise.*; -1: as if left out$/),
    });
    expect(find(JOINT_LAUNCH, "runtime.threads")).toMatchObject({
      type: "integer",
      range: { min: 1, max: 256 },
    });
    expect(find(JOINT_LAUNCH, "solver.rule.order")).toMatchObject({
      type: "integer",
      range: { min: -1, max: 2 },
    });
    expect(find(JOINT_LAUNCH, "plan.overlap").description).toContain("none | freeze | predict");
    expect(find(JOINT_LAUNCH, "policy").range).toBeUndefined();
  });

  it("can change in its budgets and its solver, but not in what a recording's noise follows from", () => {
    const live = flatten(JOINT_LAUNCH).filter(({ readOnly }) => !readOnly);
    expect(live.map(({ name }) => name).sort()).toEqual([
      "budgets.hold",
      "budgets.max_observation_age",
      "budgets.solve",
      "budgets.tick",
      "solver.coupling",
      "solver.memory",
      "solver.name",
      "solver.pipelined",
      "solver.slope",
      "solver.tolerance",
      "solver.warm",
      "solver.window",
    ]);
  });

  it("takes away what a stand-in says is left out, with the part that is then empty", () => {
    const changes = new Map<string, ParameterValue>([
      ["solver.tolerance", -1],
      ["budgets.solve", ""],
      ["ros.observations.target.qos.depth", -1],
      ["ros.observations.target.body_points", ""],
      ["ros.observations.target.fields", ["pose.position"]],
    ]);
    const { solver, budgets, ros } = unflatten(JOINT_LAUNCH, changes);
    expect(solver).toEqual({ name: "picard" });
    expect(budgets).toBeUndefined();
    expect(ros?.observations.target).toEqual({
      type: "geometry_msgs/msg/PoseStamped",
      topic: "target",
      fields: ["pose.position"],
    });
  });

  it("has no name twice", () => {
    fc.assert(
      fc.property(anyLaunch, (document) => {
        const declarations = flatten(document);
        expect(new Set(declarations.map(({ name }) => name)).size).toBe(declarations.length);
      }),
    );
  });

  it("is that of the shipped launch file too", async () => {
    const { document, launch } = await readLaunch("launch/pusht.yaml");
    const values = valuesOf(document);
    expect(values.get("budgets.solve")).toBe("200 ms");
    expect(values.get("plan.ahead")).toBe(2);
    const { policy, ...rest } = await checked(unflatten(document, values));
    expect({ ...rest, policy: resolve("launch", policy) }).toEqual(launch);
  });
});
