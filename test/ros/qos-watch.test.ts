import { describe, expect, it, test } from "vitest";
import { COMMAND_QOS, LATCHED_QOS, type Qos, SENSOR_QOS } from "../../src/ros/qos.js";
import { QosWatch, unmetPolicies, type WatchedTopic } from "../../src/ros/qos-watch.js";
import type { News } from "../../src/ros/transport/troubles.js";
import { MemoryGraph } from "./memory-graph.js";

const TYPE = "sensor_msgs/msg/JointState";

describe("offered and requested QoS", () => {
  test.each([
    ["best_effort", "volatile", "best_effort", "volatile", []],
    ["best_effort", "volatile", "reliable", "volatile", ["reliability"]],
    ["reliable", "volatile", "best_effort", "volatile", []],
    ["reliable", "volatile", "reliable", "transient_local", ["durability"]],
    ["reliable", "transient_local", "reliable", "volatile", []],
    ["reliable", "transient_local", "reliable", "transient_local", []],
    ["best_effort", "volatile", "reliable", "transient_local", ["reliability", "durability"]],
    ["system_default", "unknown", "reliable", "transient_local", []],
    ["best_effort", "volatile", "system_default", "system_default", []],
  ] as const)("%s %s for %s %s: unmet %j", (reliability, durability, wanted, lasting, unmet) => {
    const offered = { reliability, durability };
    expect(unmetPolicies(offered, { reliability: wanted, durability: lasting })).toEqual(unmet);
  });
});

function bench(changes: Partial<WatchedTopic>) {
  const graph = new MemoryGraph("parapilot");
  const told: News[] = [];
  const topic: WatchedTopic = {
    topic: "/joint_states",
    type: TYPE,
    qos: COMMAND_QOS,
    role: "subscription",
    setting: "ros.observations.position.qos",
    ...changes,
  };
  const watch = new QosWatch(graph, [topic], (news) => told.push(news));
  return { graph, told, watch };
}

describe("the watch over QoS", () => {
  it("names topic, node, policy and remedy of an incompatible publisher once, and says when it is gone", () => {
    const { graph, told, watch } = bench({});
    watch.poll();
    expect(told).toEqual([]);
    const publisher = graph.remote("/arm/driver").publisher(TYPE, "/joint_states", SENSOR_QOS);
    for (let k = 0; k < 3; k++) watch.poll();
    expect(told).toEqual([
      {
        text:
          "incompatible QoS on /joint_states, policy reliability: /arm/driver publishes on it as best_effort, but this node " +
          "asks for reliable: nothing is delivered; set ros.observations.position.qos.reliability: best_effort in the launch file",
        isOver: false,
      },
    ]);
    expect(watch.mismatches).toHaveLength(1);
    publisher.close();
    watch.poll();
    expect(told.slice(1)).toEqual([
      { text: "/joint_states: the reliability of /arm/driver is in the way no more", isOver: true },
    ]);
    expect(watch.mismatches).toEqual([]);
  });

  it("looks at the subscribers of what is published", () => {
    const best: Qos = { ...COMMAND_QOS, reliability: "best_effort" };
    const { graph, told, watch } = bench({ role: "publisher", qos: best, setting: "ros.actions.0.qos" });
    graph.remote("controller").subscription(TYPE, "/joint_states", LATCHED_QOS, () => {});
    watch.poll();
    expect(told.map(({ text }) => text)).toEqual([
      "incompatible QoS on /joint_states, policy reliability: /controller subscribes to it as reliable, but this node " +
        "offers best_effort: nothing is delivered; set ros.actions.0.qos.reliability: reliable in the launch file",
      "incompatible QoS on /joint_states, policy durability: /controller subscribes to it as transient_local, but this node " +
        "offers volatile: nothing is delivered; set ros.actions.0.qos.durability: transient_local in the launch file",
    ]);
  });

  it("notices another type, and where no setting helps names the other node", () => {
    const { graph, told, watch } = bench({ setting: undefined });
    graph.remote("camera").publisher("sensor_msgs/msg/Image", "/joint_states", COMMAND_QOS);
    graph.remote("driver").publisher(TYPE, "/joint_states", SENSOR_QOS);
    watch.poll();
    expect(told[0].text).toBe(
      `/camera publishes on /joint_states as sensor_msgs/msg/Image, but this node as ${TYPE}: nothing is delivered; remap one of them`,
    );
    expect(told[1].text).toContain("change it on /driver");
  });

  it("has nothing to say of ends that fit", () => {
    const { graph, told, watch } = bench({ qos: SENSOR_QOS });
    graph.remote("driver").publisher(TYPE, "/joint_states", COMMAND_QOS);
    graph.remote("other").publisher(TYPE, "/elsewhere", SENSOR_QOS);
    watch.poll();
    expect(told).toEqual([]);
  });
});
