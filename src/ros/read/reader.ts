import type { Stamp } from "../stamp.js";

/** What one message says of one observation. */
export type Reading =
  | {
      readonly ok: true;
      /** In the policy's units, in its order; a new array each time. */
      readonly values: Float64Array;
      /** Of its header; undefined for a message without a header, or with one that nobody filled in. */
      readonly stamp: Stamp | undefined;
    }
  | {
      readonly ok: false;
      /** What is wrong, with the value found and what is wanted, in words for a person. */
      readonly problem: string;
    };

/** Takes one observation out of messages of one type. It never throws, whatever the message. */
export interface Reader {
  /** ROS type, e.g. `sensor_msgs/msg/JointState`. */
  readonly type: string;
  /** A promise only where decoding is done on another thread. */
  read(message: unknown): Reading | Promise<Reading>;
}
