import { describe, expect, it } from "vitest";
import { COMMAND_QOS, LATCHED_QOS, SENSOR_QOS } from "../../src/ros/qos.js";
import { MemoryGraph } from "./memory-graph.js";

const TYPE = "std_msgs/msg/Float64MultiArray";

describe("a graph in memory", () => {
  it("delivers copies between nodes, by resolved topic", () => {
    const graph = new MemoryGraph("/robot/parapilot");
    const got: unknown[] = [];
    graph.subscription(TYPE, "goal", SENSOR_QOS, (message) => got.push(message));
    const data = Float64Array.of(1, 2);
    graph.remote("/robot/arm").publisher(TYPE, "goal", COMMAND_QOS).publish({ data });
    data[0] = 7;
    expect(got).toEqual([{ data: Float64Array.of(1, 2) }]);
    expect([graph.resolve("x"), graph.resolve("~/x"), graph.resolve("/x")]).toEqual([
      "/robot/x",
      "/robot/parapilot/x",
      "/x",
    ]);
  });

  it("delivers nothing where QoS or types do not fit", () => {
    const graph = new MemoryGraph("parapilot");
    const got: unknown[] = [];
    const listen = (message: unknown) => got.push(message);
    graph.subscription(TYPE, "a", COMMAND_QOS, listen);
    graph.subscription(TYPE, "b", LATCHED_QOS, listen);
    graph.subscription("std_msgs/msg/Empty", "c", SENSOR_QOS, listen);
    const sender = graph.remote("sender");
    sender.publisher(TYPE, "a", SENSOR_QOS).publish({ data: [1] });
    sender.publisher(TYPE, "b", COMMAND_QOS).publish({ data: [1] });
    sender.publisher(TYPE, "c", COMMAND_QOS).publish({ data: [1] });
    expect(got).toEqual([]);
  });

  it("gives a late subscriber what is latched, and keeps the newest on a queued graph", () => {
    const graph = new MemoryGraph("parapilot", { queued: true });
    const publisher = graph.publisher(TYPE, "~/status", LATCHED_QOS);
    const got: unknown[] = [];
    publisher.publish({ data: [1] });
    graph.remote("late").subscription(TYPE, "/parapilot/status", LATCHED_QOS, (message) => got.push(message));
    expect(got).toEqual([]);
    graph.deliver();
    publisher.publish({ data: [2] });
    publisher.publish({ data: [3] });
    graph.deliver();
    expect(got).toEqual([{ data: [1] }, { data: [3] }]);
  });

  it("logs what a listener or a service throws, and goes on", async () => {
    const graph = new MemoryGraph("parapilot");
    graph.subscription(TYPE, "goal", SENSOR_QOS, () => {
      throw new Error("a bug");
    });
    graph.service("std_srvs/srv/Trigger", "~/reset", () => Promise.reject(new Error("another")));
    const other = graph.remote("other");
    other.publisher(TYPE, "goal", COMMAND_QOS).publish({ data: [] });
    expect(await other.client("std_srvs/srv/Trigger", "/parapilot/reset").call({}, 100)).toEqual({});
    expect(graph.logged.map(({ text }) => text)).toEqual(["/goal: a bug", "/parapilot/reset: another"]);
    await expect(other.client("std_srvs/srv/Trigger", "/no").call({}, 100)).rejects.toThrow("/no");
  });

  it("refuses parameters that are undeclared, read-only, of another type, out of range or not liked", () => {
    const graph = new MemoryGraph("parapilot", { parameters: { rate: 20 } });
    const shared = { description: "", readOnly: false };
    const values = graph.parameters.declare([
      { ...shared, name: "rate", type: "double", value: 10, range: { min: 1, max: 50 } },
      { ...shared, name: "policy", type: "string", value: "pusht", readOnly: true },
    ]);
    expect([...values]).toEqual([
      ["rate", 20],
      ["policy", "pusht"],
    ]);
    graph.parameters.guard((changes) => (changes.get("rate") === 13 ? "13 is unlucky" : undefined));
    expect(graph.parameters.set({ no: 1 })).toContain("not declared");
    expect(graph.parameters.set({ policy: "arm" })).toContain("read-only");
    expect(graph.parameters.set({ rate: "fast" })).toContain("not a double");
    expect(graph.parameters.set({ rate: 51 })).toContain("range");
    expect(graph.parameters.set({ rate: 13 })).toBe("13 is unlucky");
    expect(graph.parameters.set({ rate: 30 })).toBeUndefined();
    expect(graph.parameters.get("rate")).toBe(30);
  });
});
