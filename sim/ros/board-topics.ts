import type { RosGraph, RosPublisher } from "../../src/ros/graph.js";
import { COMMAND_QOS, LATCHED_QOS, type Qos } from "../../src/ros/qos.js";
import { GOAL } from "../pusht/coverage.js";
import type { PushTState } from "../pusht/observation.js";
import { agentPlace, blockPlace, boardHeader, jointState, poseStamped, transformStamped } from "./board.js";
import { Camera } from "./camera.js";
import { scene } from "./scene.js";

/** What the board shows at one moment. */
export interface Sight {
  readonly state: PushTState;
  /** Of the agent, px/s. */
  readonly velocity: readonly number[];
  readonly coverage: number;
  /** Largest reward of the episode so far. */
  readonly score: number;
}

/** Transforms of several moments may come at once; listeners keep them for looking back. */
const TF_QOS: Qos = { reliability: "reliable", durability: "volatile", depth: 100 };

/**
 * The topics on which PushT shows itself. They are offered reliable, which subscriptions of either kind can have; one
 * that insists on reliable would hear nothing from a best-effort sensor.
 */
export class BoardTopics {
  readonly #agentPose: RosPublisher;
  readonly #blockPose: RosPublisher;
  readonly #jointStates: RosPublisher;
  readonly #tf: RosPublisher;
  readonly #tfStatic: RosPublisher;
  readonly #coverage: RosPublisher;
  readonly #score: RosPublisher;
  readonly #scene: RosPublisher;
  readonly #camera: Camera;

  constructor(graph: RosGraph) {
    this.#agentPose = graph.publisher("geometry_msgs/msg/PoseStamped", "agent_pose", COMMAND_QOS);
    this.#blockPose = graph.publisher("geometry_msgs/msg/PoseStamped", "block_pose", COMMAND_QOS);
    this.#jointStates = graph.publisher("sensor_msgs/msg/JointState", "joint_states", COMMAND_QOS);
    this.#tf = graph.publisher("tf2_msgs/msg/TFMessage", "/tf", TF_QOS);
    this.#tfStatic = graph.publisher("tf2_msgs/msg/TFMessage", "/tf_static", LATCHED_QOS);
    this.#coverage = graph.publisher("std_msgs/msg/Float32", "~/coverage", COMMAND_QOS);
    this.#score = graph.publisher("std_msgs/msg/Float32", "~/score", COMMAND_QOS);
    this.#scene = graph.publisher("visualization_msgs/msg/MarkerArray", "~/scene", LATCHED_QOS);
    this.#camera = new Camera(graph);
  }

  /** What does not change: where the goal is, and what things look like. @param at ROS time, ms. */
  introduce(at: number): void {
    const { x, y, angle: yaw } = GOAL;
    this.#tfStatic.publish({ transforms: [transformStamped(boardHeader(at), "goal", { x, y, yaw })] });
    this.#scene.publish(scene());
  }

  /** @param at ROS time of what is seen, ms. */
  show({ state, velocity, coverage, score }: Sight, at: number): void {
    const header = boardHeader(at);
    const agent = agentPlace(state);
    const block = blockPlace(state);
    this.#blockPose.publish(poseStamped(header, block));
    this.#agentPose.publish(poseStamped(header, agent));
    this.#jointStates.publish(jointState(header, state, velocity));
    this.#tf.publish({
      transforms: [transformStamped(header, "agent", agent), transformStamped(header, "block", block)],
    });
    this.#coverage.publish({ data: coverage });
    this.#score.publish({ data: score });
    this.#camera.take(state, at);
  }

  close(): void {
    this.#camera.close();
    for (const publisher of [
      this.#agentPose,
      this.#blockPose,
      this.#jointStates,
      this.#tf,
      this.#tfStatic,
      this.#coverage,
      this.#score,
      this.#scene,
    ]) {
      publisher.close();
    }
  }
}
