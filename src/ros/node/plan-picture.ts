import type { ActionBinding, RosSection } from "../../launch/ros-section.js";
import { msToStamp, type Stamp, stampToMs } from "../stamp.js";
import type { Command, Writer } from "../write/writer.js";

type PoseBinding = Extract<ActionBinding, { type: "geometry_msgs/msg/PoseStamped" }>;

/** What says where in space an action lies. */
export type PictureBinding = Omit<PoseBinding, "type" | "topic" | "qos">;

/** Whether the plan can be drawn, and by what; else why not, for a person. */
export type Drawable = { readonly binding: PictureBinding } | { readonly why: string };

/** From `ros.chunk`, or the first action that is a pose. */
export function drawable({ actions, chunk }: RosSection): Drawable {
  const binding = chunk ?? actions.find((action) => action.type === "geometry_msgs/msg/PoseStamped");
  if (binding) return { binding };
  const types = actions.map(({ type }) => type).join(", ");
  return {
    why:
      `~/chunk is not published: the actions go out as ${types}, which do not say where in space they lie; ` +
      "give ros.chunk (frame_id, and fields such as pose.position.x) to have the plan drawn",
  };
}

interface Pose {
  readonly position: object;
  readonly orientation: object;
}

interface PoseStamped {
  readonly header: { readonly stamp: Stamp; readonly frame_id: string };
  readonly pose: Pose;
}

/** `nav_msgs/msg/Path`. */
export interface Path {
  readonly header: { readonly stamp: Stamp; readonly frame_id: string };
  readonly poses: readonly PoseStamped[];
}

/** Share of a period by which two control steps may be closer together than that and still both be drawn. */
const JITTER = 0.5;

/**
 * The plan as `~/chunk` shows it, once per control step: where each action is, and when it is reached, at the end of its
 * step.
 *
 * ```ts
 * const picture = new PlanPicture(await poseStampedWriter(binding, manifest.action), manifest.action.length);
 * const path = picture.draw(command);
 * if (path) publisher.publish(path);
 * ```
 */
export class PlanPicture {
  readonly #writer: Writer;
  readonly #width: number;
  #drawnMs = Number.NEGATIVE_INFINITY;

  /**
   * @param writer of `geometry_msgs/msg/PoseStamped`.
   * @param width of an action.
   */
  constructor(writer: Writer, width: number) {
    this.#writer = writer;
    this.#width = width;
  }

  /** Undefined where this step has been drawn already. */
  draw(command: Command): Path | undefined {
    const { stamp, sinceStampMs, periodMs, rows } = command;
    const beginsMs = stampToMs(stamp) + sinceStampMs;
    // Under use_sim_time, time may be set back.
    if (Math.abs(beginsMs - this.#drawnMs) < JITTER * periodMs) return undefined;
    this.#drawnMs = beginsMs;
    const poses = Array.from({ length: rows.length / this.#width }, (_, k) => {
      const ahead = { ...command, rows: rows.subarray(k * this.#width) };
      const { header, pose } = this.#writer.write(ahead) as PoseStamped;
      return { header: { ...header, stamp: msToStamp(beginsMs + (k + 1) * periodMs) }, pose };
    });
    return { header: { stamp, frame_id: poses[0].header.frame_id }, poses };
  }
}
