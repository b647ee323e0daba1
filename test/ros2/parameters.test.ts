import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RosGraph } from "../../src/ros/graph.js";
import type { RosSession } from "../../src/ros/rclnodejs/load.js";
import { call, isSkipped, NodeUnderTest, openClient, titled } from "./harness.js";

const FILE = `
/**:
  ros__parameters: { gain: 2.5, steps: 3 }
/robot/fragile:
  ros__parameters:
    steps: 5
    joints: [shoulder, elbow]
    no_such: 1
`;

describe.skipIf(isSkipped)(titled("parameters on a real graph"), () => {
  let folder: string;
  let session: RosSession;
  let graph: RosGraph;
  let node: NodeUnderTest;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parapilot-"));
    const file = join(folder, "parameters.yaml");
    await writeFile(file, FILE);
    session = await openClient();
    graph = session.graph;
    const args = ["--ros-args", "-r", "__ns:=/robot", "--params-file", file, "-p", "gain:=4"];
    node = await NodeUnderTest.start("nodes/fragile.js", args);
  });
  afterAll(async () => {
    await node.stop();
    await session.close();
    await rm(folder, { recursive: true });
  });

  const set = async (name: string, value: object) => {
    const request = { parameters: [{ name, value }] };
    const answer = await call(
      graph,
      "rcl_interfaces/srv/SetParameters",
      "/robot/fragile/set_parameters",
      request,
    );
    return (answer as { results: { successful: boolean; reason: string }[] }).results[0];
  };
  const get = async (name: string) => {
    const request = { names: [name] };
    const answer = await call(
      graph,
      "rcl_interfaces/srv/GetParameters",
      "/robot/fragile/get_parameters",
      request,
    );
    return (answer as { values: Record<string, unknown>[] }).values[0];
  };

  it("come from a file by qualified name and wildcard, and from the command line after it", async () => {
    const [name, values] = JSON.parse((await node.line(/^ready/)).slice(6));
    expect(name).toBe("/robot/fragile");
    expect(Object.fromEntries(values)).toEqual({
      gain: 4,
      steps: 5,
      policy: "pusht",
      joints: ["shoulder", "elbow"],
    });
    expect(node.output).toContain("there is no parameter no_such");
  });

  it("take a whole number for a double", async () => {
    expect(await set("gain", { type: 2, integer_value: 3n })).toEqual({ successful: true, reason: "" });
    expect(await get("gain")).toMatchObject({ type: 3, double_value: 3 });
  });

  it.each([
    ["gain", { type: 3, double_value: 7 }, "gain 7 makes this arm swing: use 6 or less"],
    ["gain", { type: 3, double_value: 11 }, "gain is from 0 to 10, found 11"],
    ["gain", { type: 3, double_value: Number.NaN }, "gain is from 0 to 10, found NaN"],
    ["gain", { type: 4, string_value: "much" }, 'gain is a number, found "much"'],
    ["steps", { type: 3, double_value: 2.5 }, "steps is a whole number, found 2.5"],
    ["steps", { type: 0 }, "steps cannot be deleted"],
    ["policy", { type: 4, string_value: "x" }, "policy is fixed while the node runs"],
    ["ghost", { type: 4, string_value: "x" }, "there is no parameter ghost"],
  ])("refuse %s as %j with a reason", async (name, value, reason) => {
    const before = await get(name);
    const answer = await set(name, value);
    expect(answer?.successful).toBe(false);
    expect(answer?.reason).toContain(reason);
    expect(await get(name)).toEqual(before);
  });

  it("describe themselves: type, range, and whether they are fixed", async () => {
    const type = "rcl_interfaces/srv/DescribeParameters";
    const answer = await call(graph, type, "/robot/fragile/describe_parameters", {
      names: ["gain", "policy"],
    });
    const [gain, policy] = (answer as { descriptors: Record<string, unknown>[] }).descriptors;
    expect(gain).toMatchObject({
      type: 3,
      description: "of the loop",
      read_only: false,
      floating_point_range: [{ from_value: 0, to_value: 10, step: 0 }],
    });
    expect(policy).toMatchObject({ type: 4, read_only: true });
  });

  it("of a wrong type in a file end the start with a sentence", async () => {
    const start = NodeUnderTest.start("nodes/fragile.js", ["--ros-args", "-p", "steps:=many"]);
    await expect(start).rejects.toThrow('steps is a whole number, found "many"');
  });
});
