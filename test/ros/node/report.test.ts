import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PolicyNode } from "../../../src/ros/node/policy-node.js";
import { changeCheck } from "../../../src/ros/parameters/change.js";
import { MemoryGraph } from "../memory-graph.js";
import { JOINT_LAUNCH } from "../parameters/launches.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a second's diagnostics that cannot be published are logged, and the node goes on", async () => {
  const graph = new MemoryGraph("parapilot");
  const options = { graph, document: JOINT_LAUNCH, folder: ".", checkChange: await changeCheck() };
  const node = new PolicyNode(options);
  vi.spyOn(graph, "now").mockImplementationOnce(() => {
    throw new Error("the context is shut down");
  });
  const heard: unknown[] = [];
  graph
    .remote("monitor")
    .subscription(
      "diagnostic_msgs/msg/DiagnosticArray",
      "/diagnostics",
      { reliability: "reliable", durability: "volatile", depth: 1 },
      (message) => heard.push(message),
    );
  vi.advanceTimersByTime(1000);
  expect(heard).toEqual([]);
  expect(graph.logged).toEqual([
    { level: "error", text: "the diagnostics of this second failed: the context is shut down" },
  ]);
  vi.advanceTimersByTime(1000);
  expect(heard).toHaveLength(1);
  node.close();
});
