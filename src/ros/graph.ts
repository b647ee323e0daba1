import type { Qos } from "./qos.js";

/**
 * The part of a ROS 2 node that Parapilot uses. One adapter gives it from rclnodejs; tests give it from memory. Messages
 * are plain objects with the fields of their ROS type; arrays of numbers arrive as typed arrays and may be sent as
 * either, as views too. No listener and no service may throw: the adapter logs what they throw and goes on.
 */
export interface RosGraph {
  /** Fully qualified, e.g. `/robot/parapilot`. */
  readonly name: string;
  readonly parameters: RosParameters;
  /** Whether time comes from `/clock`: `use_sim_time`, as it stands. */
  readonly isSimulated: boolean;
  /** ROS time in ms: the wall clock, or, under `use_sim_time`, what `/clock` says (0 before its first message). */
  now(): number;
  /** @param topic relative to the node's namespace, absolute (`/x`) or private (`~/x`). */
  publisher(type: string, topic: string, qos: Qos): RosPublisher;
  subscription(type: string, topic: string, qos: Qos, listen: (message: unknown) => void): RosSubscription;
  /** @param answer gives the fields of the response; one that throws or rejects leaves the caller with the defaults. */
  service(type: string, name: string, answer: (request: unknown) => object | Promise<object>): RosService;
  client(type: string, name: string): RosClient;
  /** Who publishes, or subscribes to, a topic at present, this node included. */
  publishers(topic: string): readonly RosEndpoint[];
  subscribers(topic: string): readonly RosEndpoint[];
  /** Writes to the node's log: the terminal and /rosout. */
  log(level: "debug" | "info" | "warn" | "error", text: string): void;
}

export interface RosPublisher {
  /** As resolved, e.g. `/robot/target_pose`. */
  readonly topic: string;
  publish(message: object): void;
  close(): void;
}

export interface RosSubscription {
  readonly topic: string;
  close(): void;
}

export interface RosService {
  close(): void;
}

export interface RosClient {
  /** Rejects when the service is not there, or does not answer, within `timeoutMs`. */
  call(request: object, timeoutMs: number): Promise<unknown>;
  close(): void;
}

/** A publisher or subscription somewhere on the graph. */
export interface RosEndpoint {
  /** Fully qualified name of its node. */
  readonly node: string;
  readonly type: string;
  /** A depth that is not told is 0. */
  readonly qos: { readonly reliability: string; readonly durability: string; readonly depth: number };
}

export type ParameterValue =
  | boolean
  | number
  | string
  | readonly number[]
  | readonly string[]
  | readonly boolean[];
export type ParameterType =
  | "bool"
  | "integer"
  | "double"
  | "string"
  | "double_array"
  | "string_array"
  | "integer_array";

export interface ParameterDeclaration {
  readonly name: string;
  readonly type: ParameterType;
  /** In force unless a parameter file or the command line says otherwise. */
  readonly value: ParameterValue;
  readonly description: string;
  readonly readOnly: boolean;
  readonly range?: { readonly min: number; readonly max: number };
}

export interface RosParameters {
  /** Declares them, and gives the values in force: what a parameter file or the command line says, else the default. */
  declare(declarations: readonly ParameterDeclaration[]): ReadonlyMap<string, ParameterValue>;
  /** @param check gives the reason to refuse a change, in words for a person, or accepts it with undefined. */
  guard(check: (changes: ReadonlyMap<string, ParameterValue>) => string | undefined): void;
}
