import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RosGraph } from "../../src/ros/graph.js";
import type { RosSession } from "../../src/ros/rclnodejs/load.js";
import { call, isSkipped, NodeUnderTest, openClient, titled } from "./harness.js";

describe.skipIf(isSkipped)(titled("the life cycle, as clients on a real graph see it"), () => {
  let session: RosSession;
  let graph: RosGraph;
  let node: NodeUnderTest;
  beforeAll(async () => {
    session = await openClient();
    graph = session.graph;
  });
  afterAll(() => session.close());
  beforeEach(async () => {
    node = await NodeUnderTest.start("nodes/fragile.js");
  });
  afterEach(() => node.stop());

  const change = async (label: string) => {
    const request = { transition: { id: 0, label } };
    const answer = await call(graph, "lifecycle_msgs/srv/ChangeState", "/fragile/change_state", request);
    return (answer as { success: boolean }).success;
  };
  const state = async () => {
    const answer = await call(graph, "lifecycle_msgs/srv/GetState", "/fragile/get_state", {});
    return (answer as { current_state: { label: string } }).current_state.label;
  };
  const available = async () => {
    const type = "lifecycle_msgs/srv/GetAvailableTransitions";
    const answer = await call(graph, type, "/fragile/get_available_transitions", {});
    const { available_transitions: list } = answer as {
      available_transitions: Record<"transition" | "start_state" | "goal_state", { label: string }>[];
    };
    return list.map((each) => [each.start_state.label, each.transition.label, each.goal_state.label]);
  };
  const configure = async () => {
    const configured = change("configure");
    await node.line(/step configure/);
    await call(graph, "std_srvs/srv/Trigger", "/fragile/release", {});
    return configured;
  };
  const failNext = (data: boolean) => call(graph, "std_srvs/srv/SetBool", "/fragile/fail", { data });

  it("goes round, each request answered with success", async () => {
    expect(await available()).toEqual([
      ["unconfigured", "configure", "configuring"],
      ["unconfigured", "shutdown", "shuttingdown"],
    ]);
    expect(await configure()).toBe(true);
    expect(await state()).toBe("inactive");
    for (const [transition, after] of [
      ["activate", "active"],
      ["deactivate", "inactive"],
      ["cleanup", "unconfigured"],
      ["shutdown", "finalized"],
    ] as const) {
      expect(await change(transition)).toBe(true);
      expect(await state()).toBe(after);
    }
    expect(await available()).toEqual([]);
  });

  it("shows a step that takes its time, and refuses others until it ends", async () => {
    const configured = change("configure");
    await node.line(/step configure/);
    expect(await state()).toBe("configuring");
    expect(await available()).toEqual([]);
    expect(await change("shutdown")).toBe(false);
    expect(await node.line(/shutdown refused/)).toContain("the node is configuring");
    await call(graph, "std_srvs/srv/Trigger", "/fragile/release", {});
    expect(await configured).toBe(true);
    expect(await state()).toBe("inactive");
  });

  it("stays inactive when it cannot be activated, and can be later", async () => {
    await configure();
    await failNext(true);
    expect(await change("activate")).toBe(false);
    expect(await node.line(/activate failed/)).toContain("activate cannot work today");
    expect(await state()).toBe("inactive");
    expect(await change("activate")).toBe(true);
  });

  it("recovers to unconfigured when it cannot be deactivated", async () => {
    await configure();
    await change("activate");
    await failNext(false);
    expect(await change("deactivate")).toBe(false);
    expect(node.output).toContain("step recover");
    expect(await state()).toBe("unconfigured");
  });
});
