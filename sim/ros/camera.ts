import type { RosGraph, RosPublisher } from "../../src/ros/graph.js";
import { COMMAND_QOS } from "../../src/ros/qos.js";
import { renderRgb } from "../image.js";
import type { PushTState } from "../pusht/observation.js";
import { renderSvg } from "../pusht/render.js";
import { boardHeader } from "./board.js";

/** Side of the picture that gym-pusht gives to policies, pixels. */
const SIZE = 96;

/** Publishes pictures of the board as sensor_msgs/Image while somebody looks; they are drawn on other threads. */
export class Camera {
  readonly #graph: RosGraph;
  readonly #publisher: RosPublisher;
  #isBusy = false;
  #isClosed = false;

  constructor(graph: RosGraph) {
    this.#graph = graph;
    this.#publisher = graph.publisher("sensor_msgs/msg/Image", "image", COMMAND_QOS);
  }

  /** A picture that is still being drawn when the next is due makes the next one fall out. @param at ROS time, ms. */
  take(state: PushTState, at: number): void {
    if (this.#isBusy || this.#graph.subscribers(this.#publisher.topic).length === 0) return;
    this.#isBusy = true;
    renderRgb(renderSvg(state), SIZE)
      .then(
        (data) => {
          if (this.#isClosed) return;
          const shape = { height: SIZE, width: SIZE, step: 3 * SIZE };
          this.#publisher.publish({
            header: boardHeader(at),
            ...shape,
            encoding: "rgb8",
            is_bigendian: 0,
            data,
          });
        },
        (error: Error) => this.#graph.log("warn", `could not draw a picture: ${error.message}`),
      )
      .finally(() => {
        this.#isBusy = false;
      });
  }

  close(): void {
    this.#isClosed = true;
    this.#publisher.close();
  }
}
