import type { PushTState } from "../../sim/pusht/observation.js";
import { boardHeader, jointState, poseStamped } from "../../sim/ros/board.js";
import type { RosGraph, RosPublisher, RosSubscription } from "../../src/ros/graph.js";
import { COMMAND_QOS } from "../../src/ros/qos.js";
import { type JointTrajectory, TrajectoryController } from "../ros/write/trajectory-controller.js";

const SAMPLE_MS = 5;
const BEAT_MS = 100;

/** PushT's agent on two joints that a trajectory controller moves, wherever it is told to. */
export class Gantry {
  /** Trajectories. */
  accepted = 0;
  /** The farthest that a joint was moved from one sample to the next, in metres. */
  longestLeap = 0;
  readonly #joints: readonly TrajectoryController[];
  readonly #ends: readonly (RosPublisher | RosSubscription)[];
  readonly #sampling: NodeJS.Timeout;
  #positions: readonly number[] = [0.25, 0.4];
  #sampledAt = Date.now();
  #shownAt = 0;

  constructor(graph: RosGraph) {
    this.#joints = this.#positions.map((position) => new TrajectoryController(position, Date.now()));
    const block = graph.publisher("geometry_msgs/msg/PoseStamped", "block_pose", COMMAND_QOS);
    const states = graph.publisher("sensor_msgs/msg/JointState", "joint_states", COMMAND_QOS);
    const type = "trajectory_msgs/msg/JointTrajectory";
    const commands = graph.subscription(type, "joint_trajectory", COMMAND_QOS, (message) => {
      const { points, ...rest } = message as JointTrajectory;
      const now = Date.now();
      this.#sample(now);
      this.accepted += 1;
      this.#joints.forEach((joint, k) => {
        const own = points.map(({ positions, velocities, time_from_start }) => ({
          positions: [positions[k]],
          velocities: [velocities[k]],
          time_from_start,
        }));
        joint.accept({ ...rest, points: own }, now);
      });
    });
    this.#ends = [block, states, commands];
    this.#sampling = setInterval(() => {
      const now = Date.now();
      this.#sample(now);
      if (now - this.#shownAt < BEAT_MS) return;
      this.#shownAt += Math.floor((now - this.#shownAt) / BEAT_MS) * BEAT_MS;
      const header = boardHeader(now);
      const [x, y] = this.#positions.map((position) => 1000 * position);
      const state: PushTState = [x, y, 220, 300, 0.6];
      block.publish(poseStamped(header, { x: 220, y: 300, yaw: 0.6 }));
      states.publish(jointState(header, state, [0, 0]));
    }, SAMPLE_MS);
  }

  /** Every joint holds the end of its last trajectory. */
  get isStanding(): boolean {
    const now = Date.now();
    return this.#joints.every((joint) => joint.at(now).velocity === 0);
  }

  close(): void {
    clearInterval(this.#sampling);
    for (const end of this.#ends) end.close();
  }

  /** A test that was held up has looked away: what it missed was no leap. */
  #sample(now: number): void {
    while (this.#sampledAt < now) {
      const at = Math.min(now, this.#sampledAt + SAMPLE_MS);
      const positions = this.#joints.map((joint) => joint.at(at).position);
      positions.forEach((position, k) => {
        this.longestLeap = Math.max(this.longestLeap, Math.abs(position - this.#positions[k]));
      });
      this.#positions = positions;
      this.#sampledAt = at;
    }
  }
}
