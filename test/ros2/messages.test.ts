import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RosGraph } from "../../src/ros/graph.js";
import { COMMAND_QOS, LATCHED_QOS, SENSOR_QOS } from "../../src/ros/qos.js";
import type { RosSession } from "../../src/ros/rclnodejs/load.js";
import { call, isSkipped, NodeUnderTest, openClient, titled, until } from "./harness.js";

describe.skipIf(isSkipped)(titled("messages on a real graph"), () => {
  let session: RosSession;
  let graph: RosGraph;
  let topics = 0;
  beforeAll(async () => {
    session = await openClient();
    graph = session.graph;
  });
  afterAll(() => session.close());

  /** What comes out of a topic when the message goes in. */
  const through = async (type: string, message: object): Promise<Record<string, unknown>> => {
    topics += 1;
    const topic = `~/echo_${topics}`;
    const heard: unknown[] = [];
    const subscription = graph.subscription(type, topic, LATCHED_QOS, (each) => heard.push(each));
    const publisher = graph.publisher(type, topic, LATCHED_QOS);
    publisher.publish(message);
    await until(() => heard.length > 0);
    publisher.close();
    subscription.close();
    return heard[0] as Record<string, unknown>;
  };

  it("carry a view of a larger buffer as the view has it", async () => {
    const pool = Uint8Array.from({ length: 64 }, (_, i) => i);
    const image = { height: 1, width: 4, encoding: "rgb8", step: 12, data: pool.subarray(20, 32) };
    expect([...((await through("sensor_msgs/msg/Image", image)).data as Uint8Array)]).toEqual([
      ...image.data,
    ]);
    const pooled = Buffer.from([7, 8, 9]);
    expect(pooled.buffer.byteLength).toBeGreaterThan(3);
    expect([
      ...((await through("sensor_msgs/msg/CompressedImage", { format: "png", data: pooled }))
        .data as Uint8Array),
    ]).toEqual([7, 8, 9]);
  });

  it("carry numbers of another type as numbers", async () => {
    const doubles = { data: new Float64Array([0.5, -1.25, 3]) };
    expect((await through("std_msgs/msg/Float32MultiArray", doubles)).data).toEqual(
      new Float32Array([0.5, -1.25, 3]),
    );
    const floats = new Float32Array([1, 2, 0.5, 0.25, 5]).subarray(2, 4);
    expect((await through("std_msgs/msg/Float32MultiArray", { data: floats })).data).toEqual(
      new Float32Array([0.5, 0.25]),
    );
    const state = await through("sensor_msgs/msg/JointState", { name: ["a", "b"], position: floats });
    expect(state.position).toEqual(new Float64Array([0.5, 0.25]));
  });

  it("carry arrays inside of arrays of messages, and arrays of a fixed size", async () => {
    const positions = new Float32Array([9, 9, 1.5, 2.5]).subarray(2);
    const trajectory = { joint_names: ["a", "b"], points: [{ positions }, { positions: [3, 4] }] };
    const { points } = await through("trajectory_msgs/msg/JointTrajectory", trajectory);
    expect((points as { positions: Float64Array }[]).map((point) => [...point.positions])).toEqual([
      [1.5, 2.5],
      [3, 4],
    ]);
    const covariance = Float32Array.from({ length: 40 }, (_, i) => i).subarray(2, 38);
    const { pose } = await through("nav_msgs/msg/Odometry", { pose: { covariance } });
    expect([...(pose as { covariance: Float64Array }).covariance]).toEqual([...covariance]);
  });

  it("are checked before the first goes out, so that a misspelt field shows at once", () => {
    const publisher = graph.publisher("geometry_msgs/msg/PoseStamped", "~/typo", COMMAND_QOS);
    expect(() => publisher.publish({ pose: { positon: { x: 1 } } })).toThrow(/positon/);
    expect(() => publisher.publish({ pose: { position: { x: "1" } } })).toThrow(/position/);
    publisher.publish({ pose: { position: { x: 1 } } });
  });

  it("of joint states arrive as typed arrays, with their names", async () => {
    const node = await NodeUnderTest.start("nodes/fragile.js");
    const heard: string[] = [];
    graph.subscription("std_msgs/msg/String", "/fragile/joints", LATCHED_QOS, (each) =>
      heard.push((each as { data: string }).data),
    );
    const state = { name: ["b", "a"], position: [0.25, -1] };
    graph.publisher("sensor_msgs/msg/JointState", "joint_states", LATCHED_QOS).publish(state);
    await until(() => heard.length > 0);
    expect(JSON.parse(heard[0] as string)).toEqual([["b", "a"], "Float64Array", [0.25, -1]]);
    await node.stop();
  });

  it("name who publishes and who listens, and with which quality of service", async () => {
    const publisher = graph.publisher("std_msgs/msg/String", "~/known", SENSOR_QOS);
    graph.subscription("std_msgs/msg/String", publisher.topic, LATCHED_QOS, () => {});
    expect(publisher.topic).toBe("/tester/known");
    await until(() => graph.publishers("~/known").length + graph.subscribers("~/known").length === 2);
    expect(graph.publishers("~/known")).toEqual([
      {
        node: "/tester",
        type: "std_msgs/msg/String",
        qos: { reliability: "best_effort", durability: "volatile", depth: expect.any(Number) },
      },
    ]);
    expect(graph.subscribers("/tester/known")[0]?.qos).toMatchObject({
      reliability: "reliable",
      durability: "transient_local",
    });
  });
});

describe.skipIf(isSkipped)(titled("ROS time on a real graph"), () => {
  let session: RosSession;
  let graph: RosGraph;
  beforeAll(async () => {
    session = await openClient();
    graph = session.graph;
  });
  afterAll(() => session.close());
  const now = async () => {
    const { message } = (await call(graph, "std_srvs/srv/Trigger", "/clocked/now", {})) as {
      message: string;
    };
    return Number(message);
  };

  it("is the wall clock's, in ms", async () => {
    const node = await NodeUnderTest.start("nodes/clocked.js");
    const before = Date.now();
    const told = await now();
    expect(told).toBeGreaterThan(before - 1000);
    expect(told).toBeLessThan(Date.now() + 1000);
    await node.stop();
  });

  it("is what a best-effort /clock says under use_sim_time, backwards as well, and 0 before", async () => {
    const node = await NodeUnderTest.start("nodes/clocked.js", ["--ros-args", "-p", "use_sim_time:=true"]);
    expect(await now()).toBe(0);
    const clock = graph.publisher("rosgraph_msgs/msg/Clock", "/clock", SENSOR_QOS);
    await until(() => graph.subscribers("/clock").length > 0);
    for (const [sec, nanosec, ms] of [
      [100, 500_000, 100_000.5],
      [40, 0, 40_000],
    ] as const) {
      // Best effort: the first may be lost to discovery.
      do clock.publish({ clock: { sec, nanosec } });
      while ((await now()) !== ms);
    }
    await node.stop();
  });

  it("reaches whoever comes later through a latched topic", async () => {
    const node = await NodeUnderTest.start("nodes/clocked.js");
    const heard: unknown[] = [];
    graph.subscription("std_msgs/msg/String", "/clocked/latched", LATCHED_QOS, (each) => heard.push(each));
    await until(() => heard.length > 0);
    expect(heard).toEqual([{ data: "from before" }]);
    await node.stop();
  });
});
