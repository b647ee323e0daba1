import type { RosSection } from "../../launch/ros-section.js";
import type { Manifest } from "../../policy/manifest.js";
import type { RosGraph, RosPublisher } from "../graph.js";
import { COMMAND_QOS } from "../qos.js";
import { poseStampedWriter } from "../write/pose-stamped.js";
import type { Command } from "../write/writer.js";
import { drawable, PlanPicture } from "./plan-picture.js";

/** `~/chunk`: the plan as a path, for RViz and Foxglove. */
export class ChunkTopic {
  readonly #picture: PlanPicture;
  readonly #topic: RosPublisher;

  private constructor(picture: PlanPicture, topic: RosPublisher) {
    this.#picture = picture;
    this.#topic = topic;
  }

  /** Undefined, with the reason in the log, where the actions do not say where in space they lie. */
  static async open(
    graph: RosGraph,
    section: RosSection,
    { action }: Manifest,
  ): Promise<ChunkTopic | undefined> {
    const found = drawable(section);
    if ("why" in found) {
      graph.log("info", found.why);
      return undefined;
    }
    const picture = new PlanPicture(await poseStampedWriter(found.binding, action), action.length);
    return new ChunkTopic(picture, graph.publisher("nav_msgs/msg/Path", "~/chunk", COMMAND_QOS));
  }

  show(command: Command): void {
    const path = this.#picture.draw(command);
    if (path) this.#topic.publish(path);
  }

  close(): void {
    this.#topic.close();
  }
}
