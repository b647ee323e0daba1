import type { Qos } from "../qos.js";
import type { Reader } from "../read/reader.js";
import type { Writer } from "../write/writer.js";

/** Where one observation of the policy comes from. */
export interface ObservationInput {
  /** Of the observation, in the policy's words. */
  readonly name: string;
  readonly topic: string;
  readonly qos: Qos;
  /** Required; 0: given once. */
  readonly rateHz: number;
  readonly reader: Reader;
}

/** Where actions of the policy go. */
export interface ActionOutput {
  readonly topic: string;
  readonly qos: Qos;
  readonly writer: Writer;
}

/** A policy's ends on a ROS 2 graph. */
export interface Topics {
  readonly observations: readonly ObservationInput[];
  readonly actions: readonly ActionOutput[];
}
