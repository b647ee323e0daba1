import type { PushTState } from "../../../sim/pusht/observation.js";
import { agentPlace, boardHeader, jointState, poseStamped } from "../../../sim/ros/board.js";
import type { RosGraph, RosPublisher, RosSubscription } from "../../../src/ros/graph.js";
import { COMMAND_QOS } from "../../../src/ros/qos.js";
import type { Stamp } from "../../../src/ros/stamp.js";
import type { JointTrajectory } from "../write/trajectory-controller.js";

/** No command may escape a test. */
const ALL_QOS = { ...COMMAND_QOS, depth: 100 };
const POSE = "geometry_msgs/msg/PoseStamped";

/** A target that the policy gave: geometry_msgs/PoseStamped. */
export interface Target {
  readonly header: { readonly stamp: Stamp; readonly frame_id: string };
  readonly pose: { readonly position: { readonly x: number; readonly y: number } };
}

/** What is out of the ordinary in what the board shows at one moment. */
export interface Oddity {
  /** ROS time in its headers, ms; null: nobody fills them in. */
  readonly stampMs?: number | null;
  /** sensor_msgs/JointState in the place of the true one. */
  readonly joints?: object;
}

/**
 * PushT's board without physics, on any graph: its block lies still, its agent is at once where it was last sent. It shows
 * itself when it is told to.
 */
export class ScriptedBoard {
  /** What the policy has said, oldest first. */
  readonly targets: Target[] = [];
  readonly trajectories: JointTrajectory[] = [];
  readonly #graph: RosGraph;
  readonly #block: RosPublisher;
  readonly #agent: RosPublisher;
  readonly #joints: RosPublisher;
  readonly #inputs: readonly RosSubscription[];
  /** px. */
  #at: readonly [number, number] = [256, 400];
  #beat: NodeJS.Timeout | undefined;

  /** @param prefix of its topics. */
  constructor(graph: RosGraph, prefix = "") {
    this.#graph = graph;
    this.#block = graph.publisher(POSE, `${prefix}block_pose`, COMMAND_QOS);
    this.#agent = graph.publisher(POSE, `${prefix}agent_pose`, COMMAND_QOS);
    this.#joints = graph.publisher("sensor_msgs/msg/JointState", `${prefix}joint_states`, COMMAND_QOS);
    const targets = graph.subscription(POSE, `${prefix}target_pose`, ALL_QOS, (message) => {
      const target = message as Target;
      const { x, y } = target.pose.position;
      this.#at = [1000 * x, 1000 * y];
      this.targets.push(target);
    });
    const type = "trajectory_msgs/msg/JointTrajectory";
    const trajectories = graph.subscription(type, `${prefix}joint_trajectory`, ALL_QOS, (message) => {
      this.trajectories.push(message as JointTrajectory);
    });
    this.#inputs = [targets, trajectories];
  }

  show({ stampMs = this.#graph.now(), joints }: Oddity = {}): void {
    const header = boardHeader(stampMs ?? 0);
    const state: PushTState = [...this.#at, 220, 300, 0.6];
    this.#block.publish(poseStamped(header, { x: 220, y: 300, yaw: 0.6 }));
    this.#agent.publish(poseStamped(header, agentPlace(state)));
    this.#joints.publish(joints ?? jointState(header, state, [0, 0]));
  }

  /** Shows itself ten times a second; anew where it did already. */
  run(oddity: () => Oddity = () => ({})): void {
    this.stop();
    this.#beat = setInterval(() => this.show(oddity()), 100);
  }

  stop(): void {
    clearInterval(this.#beat);
  }

  /** Leaves the graph. */
  close(): void {
    this.stop();
    for (const end of [this.#block, this.#agent, this.#joints, ...this.#inputs]) end.close();
  }
}
