import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RosGraph } from "../../src/ros/graph.js";
import { LATCHED_QOS } from "../../src/ros/qos.js";
import type { RosSession } from "../../src/ros/rclnodejs/load.js";
import { call, isSkipped, NodeUnderTest, openClient, titled } from "./harness.js";

const TRIGGER = "std_srvs/srv/Trigger";

describe.skipIf(isSkipped)(titled("on a real graph, a node survives"), () => {
  let session: RosSession;
  let graph: RosGraph;
  let node: NodeUnderTest;
  beforeAll(async () => {
    session = await openClient();
    graph = session.graph;
    node = await NodeUnderTest.start("nodes/fragile.js");
  });
  afterAll(async () => {
    await node.stop();
    await session.close();
  });
  const ping = () => call(graph, TRIGGER, "/fragile/ping", {});
  const pong = { success: true, message: "pong" };

  it.each(["throw", "reject"])("a listener that does %s, and logs the topic", async (how) => {
    graph.publisher("std_msgs/msg/String", `/fragile/${how}`, LATCHED_QOS).publish({ data: "go" });
    expect(
      await node.line(new RegExp(how === "throw" ? "a listener threw" : "a listener rejected")),
    ).toContain(`~/${how}`);
    expect(await ping()).toEqual(pong);
  });

  it.each(["throw", "reject"])("a service that does %s, whose caller gets the defaults", async (how) => {
    expect(await call(graph, TRIGGER, `/fragile/${how}`, {})).toEqual({ success: false, message: "" });
    expect(await node.line(new RegExp(how === "throw" ? "a service threw" : "a service rejected"))).toContain(
      `service ~/${how}`,
    );
    expect(await ping()).toEqual(pong);
  });

  it.each([99, 3, 0, 5 + 1])("a raw request for transition %i, which it refuses", async (id) => {
    const request = { transition: { id, label: "" } };
    const answer = await call(graph, "lifecycle_msgs/srv/ChangeState", "/fragile/change_state", request);
    expect(answer).toEqual({ success: false });
    expect(await node.line(/refused: the node is unconfigured/)).toContain("configure or shutdown");
    expect(await ping()).toEqual(pong);
  });

  it("a request for a transition of a name that there is not", async () => {
    const request = { transition: { id: 0, label: "explode" } };
    const answer = await call(graph, "lifecycle_msgs/srv/ChangeState", "/fragile/change_state", request);
    expect(answer).toEqual({ success: false });
    expect(await ping()).toEqual(pong);
  });

  it.each([
    ["GetParameters", "get_parameters"],
    ["DescribeParameters", "describe_parameters"],
  ])("%s with an empty name", async (type, name) => {
    await call(graph, `rcl_interfaces/srv/${type}`, `/fragile/${name}`, { names: [""] });
    expect(await ping()).toEqual(pong);
  });

  it.each([
    { name: "gain", value: { type: 99 } },
    { name: "", value: { type: 3, double_value: 1 } },
  ])("a request to set %j", async (parameter) => {
    const request = { parameters: [parameter] };
    for (const kind of ["SetParameters", "SetParametersAtomically"]) {
      const name = kind.replaceAll(/(?<=[a-z])[A-Z]/g, (each) => `_${each}`).toLowerCase();
      const answer = await call(graph, `rcl_interfaces/srv/${kind}`, `/fragile/${name}`, request);
      expect(JSON.stringify(answer)).toContain('"successful":false');
    }
    expect(await ping()).toEqual(pong);
  });

  it("everything above in one process", () => {
    expect(node.isAlive).toBe(true);
  });
});

describe.skipIf(isSkipped)(titled("a signal"), () => {
  it.each(["SIGINT", "SIGTERM"] as const)("%s runs the shutdown step and ends it with 0", async (signal) => {
    const node = await NodeUnderTest.start("nodes/fragile.js");
    expect(await node.stop(signal)).toBe(0);
    expect(node.output).toMatch(/step shutdown[\s\S]*closed/);
  });
});
