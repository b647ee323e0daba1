import { jsonSchemaOf } from "./mcap-json-schema.js";
import { encodeEvent } from "./mcap-message.js";
import type { RecordedEvent } from "./mcap-schema.js";
import type { McapEntry } from "./mcap-writer.js";

/** Topic and schema of each kind of event; a topic that begins with "~" stands below the robot's name. */
const CHANNELS: Readonly<Record<RecordedEvent["kind"], readonly [topic: string, schema: string]>> = {
  joined: ["/peer", "parapilot.Peer"],
  left: ["/peer", "parapilot.Peer"],
  episode: ["/episode", "parapilot.Episode"],
  observation: ["~/observation", "parapilot.Observation"],
  order: ["~/order", "parapilot.Order"],
  solve: ["~/chunk", "parapilot.Chunk"],
  alarm: ["~/alarm", "parapilot.Alarm"],
  candidate: ["~/candidate", "parapilot.Candidate"],
  tick: ["~/action", "parapilot.Action"],
  refused: ["/refused", "parapilot.Refusal"],
  worker: ["/worker", "parapilot.Worker"],
  halt: ["~/halt", "parapilot.Halt"],
  settings: ["/settings", "parapilot.Settings"],
  dropped: ["/recorder", "parapilot.Drop"],
};

/** Robots with topics of their own; the file's format numbers channels with 16 bits. */
const MAX_ROBOTS = 1000;

/** Turns events into messages on their channels. */
export class RecordingChannels {
  readonly #epochNs: bigint;
  readonly #robots = new Map<string, string>();

  /** @param epochNs wall time, in nanoseconds, at the monotonic clock's zero. */
  constructor(epochNs: bigint) {
    this.#epochNs = epochNs;
  }

  entry(event: RecordedEvent): McapEntry {
    const [topic, name] = CHANNELS[event.kind];
    const robot = topic.startsWith("~") && "robot" in event ? this.#prefix(event.robot) : "";
    return {
      topic: robot + topic.replace("~", ""),
      logTime: this.#epochNs + BigInt(Math.round(event.at * 1e6)),
      data: Buffer.from(encodeEvent(event)),
      schema: { name, text: () => JSON.stringify(jsonSchemaOf(event.kind)) },
    };
  }

  #prefix(robot: string): string {
    let prefix = this.#robots.get(robot);
    if (prefix === undefined) {
      if (this.#robots.size >= MAX_ROBOTS) return "/others";
      prefix = `/${robot}`;
      this.#robots.set(robot, prefix);
    }
    return prefix;
  }
}
