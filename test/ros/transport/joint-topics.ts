import type { Qos } from "../../../src/ros/qos.js";
import { COMMAND_QOS, LATCHED_QOS, SENSOR_QOS } from "../../../src/ros/qos.js";
import type { Reader, Reading } from "../../../src/ros/read/reader.js";
import { msToStamp, type Stamp } from "../../../src/ros/stamp.js";
import type { Topics } from "../../../src/ros/transport/topics.js";
import type { Command, Writer } from "../../../src/ros/write/writer.js";
import type { MemoryGraph } from "../memory-graph.js";

/** A message as the readers here take it. */
export interface JointMessage {
  readonly header: { readonly stamp: Stamp };
  readonly position: readonly number[];
}

const JOINT_STATE = "sensor_msgs/msg/JointState";
const TARGET = "std_msgs/msg/Float64MultiArray";

/** Reads a stamp and numbers; a header that nobody filled in has no stamp. */
export const jointReader: Reader = {
  type: JOINT_STATE,
  read: (message): Reading => {
    const { header, position } = message as JointMessage;
    const { stamp } = header;
    const isUnset = stamp.sec === 0 && stamp.nanosec === 0;
    return { ok: true, values: Float64Array.from(position), stamp: isUnset ? undefined : stamp };
  },
};

const targetReader: Reader = {
  type: TARGET,
  read: (message): Reading => {
    const { data } = message as { readonly data: ArrayLike<number> };
    return { ok: true, values: Float64Array.from(data), stamp: undefined };
  },
};

/** Publishes commands as they are. */
export const commandWriter: Writer = { type: "test/msg/Command", write: (command) => ({ ...command }) };

/** The joint policy's ends: positions at 10 Hz, a target once, goals. */
export function jointTopics(changes: { readonly reader?: Reader; readonly qos?: Qos } = {}): Topics {
  const { reader = jointReader, qos = SENSOR_QOS } = changes;
  return {
    observations: [
      { name: "position", topic: "joint_states", qos, rateHz: 10, reader },
      { name: "target", topic: "target", qos: LATCHED_QOS, rateHz: 0, reader: targetReader },
    ],
    actions: [{ topic: "goal", qos: COMMAND_QOS, writer: commandWriter }],
  };
}

/** The arm at the other end. */
export function jointArm(graph: MemoryGraph) {
  const arm = graph.remote("arm");
  const states = arm.publisher(JOINT_STATE, "joint_states", SENSOR_QOS);
  const targets = arm.publisher(TARGET, "target", LATCHED_QOS);
  const commands: Command[] = [];
  arm.subscription(commandWriter.type, "goal", COMMAND_QOS, (message) => commands.push(message as Command));
  return {
    commands,
    /** Tells its position, stamped now unless said otherwise. */
    show: (position: number, stamp: Stamp = msToStamp(graph.now())) =>
      states.publish({ header: { stamp }, position: [position] }),
    target: () => targets.publish({ data: [0.5, 1] }),
  };
}
