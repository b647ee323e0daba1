import { PushTNode, type PushTNodeOptions } from "../../../sim/ros/pusht-node.js";
import { COMMAND_QOS } from "../../../src/ros/qos.js";
import type { Stamp } from "../../../src/ros/stamp.js";
import { SimulatedClock } from "../../../src/time/simulated-clock.js";
import { MemoryGraph } from "../../ros/memory-graph.js";

/** ROS time at which the worlds of these tests begin, ms. */
export const START = 5_000;
export const PERIOD = 100;

interface Header {
  readonly stamp: Stamp;
  readonly frame_id: string;
}

export interface Pose {
  readonly header: Header;
  readonly pose: {
    readonly position: { readonly x: number; readonly y: number; readonly z: number };
    readonly orientation: { readonly x: number; readonly y: number; readonly z: number; readonly w: number };
  };
}

export interface Joints {
  readonly header: Header;
  readonly name: readonly string[];
  readonly position: readonly number[];
  readonly velocity: readonly number[];
}

/** A world and, on the same graph, somebody who watches and drives it. */
export function play(options: Partial<PushTNodeOptions> = {}) {
  const clock = new SimulatedClock();
  const graph = new MemoryGraph("/lab/pusht");
  // So that it is right at every alarm.
  graph.now = () => START + clock.now();
  const policy = graph.remote("/lab/policy");
  const world = new PushTNode(graph, { seed: 7, clock, ...options });
  const seen = { agent: [] as Pose[], block: [] as Pose[], joints: [] as Joints[] };
  const listen = <T>(type: string, topic: string, list: T[]) =>
    policy.subscription(type, topic, COMMAND_QOS, (message) => list.push(message as T));
  listen("geometry_msgs/msg/PoseStamped", "agent_pose", seen.agent);
  listen("geometry_msgs/msg/PoseStamped", "block_pose", seen.block);
  listen("sensor_msgs/msg/JointState", "joint_states", seen.joints);
  const target = policy.publisher("geometry_msgs/msg/PoseStamped", "target_pose", COMMAND_QOS);
  const trajectory = policy.publisher("trajectory_msgs/msg/JointTrajectory", "joint_trajectory", COMMAND_QOS);
  /** Lets time pass on the wall and on the graph, in small steps, and what waits for a promise happen. */
  const pass = async (ms: number, stepMs = 10) => {
    for (let gone = 0; gone < ms; gone += stepMs) {
      clock.advance(stepMs);
      await settled();
    }
  };
  return {
    ...{ graph, policy, world, seen, clock },
    pass,
    /** Starts, and lets the first beat and half a period pass: the beats to come are in the middle of later passes. */
    async begin(): Promise<void> {
      world.start();
      await pass(PERIOD / 2);
    },
    aim(x: number, y: number, stamp: Stamp = { sec: 0, nanosec: 0 }, frame_id = "board") {
      target.publish({ header: { stamp, frame_id }, pose: { position: { x, y, z: 0 } } });
    },
    send(message: object) {
      trajectory.publish({
        header: { stamp: { sec: 0, nanosec: 0 }, frame_id: "" },
        joint_names: ["gantry_x", "gantry_y"],
        ...message,
      });
    },
    warnings: () => graph.logged.filter(({ level }) => level === "warn").map(({ text }) => text),
  };
}

/** A point of a JointTrajectory. */
export function point(ms: number, positions: readonly number[], velocities: readonly number[] = []) {
  return {
    ...{ positions, velocities, accelerations: [], effort: [] },
    time_from_start: { sec: Math.floor(ms / 1000), nanosec: (ms % 1000) * 1e6 },
  };
}

/** Lets everything that waits for a settled promise happen. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
