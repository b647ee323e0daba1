import type { RosEndpoint, RosGraph } from "./graph.js";
import type { Qos } from "./qos.js";
import type { News } from "./transport/troubles.js";

/** A topic that this node publishes or subscribes to. */
export interface WatchedTopic {
  /** As resolved. */
  readonly topic: string;
  readonly type: string;
  readonly qos: Qos;
  readonly role: "publisher" | "subscription";
  /** Where the launch file sets its QoS, e.g. `ros.observations.position.qos`; undefined where it does not. */
  readonly setting: string | undefined;
}

/** Two ends of a topic between which nothing is delivered. */
export interface Mismatch {
  readonly topic: string;
  readonly node: string;
  /** The name of the QoS policy, or `type`. */
  readonly what: "reliability" | "durability" | "type";
  /** What does not fit, and the remedy. */
  readonly text: string;
}

type Offer = Pick<RosEndpoint["qos"], "reliability" | "durability">;

/**
 * The QoS policies in which a publisher offers less than a subscription asks for, by the table of the ROS 2 documentation
 * ("Quality of Service settings"). What is not known counts as compatible.
 */
export function unmetPolicies(offered: Offer, requested: Offer): readonly ("reliability" | "durability")[] {
  const unmet: ("reliability" | "durability")[] = [];
  if (offered.reliability === "best_effort" && requested.reliability === "reliable")
    unmet.push("reliability");
  if (offered.durability === "volatile" && requested.durability === "transient_local")
    unmet.push("durability");
  return unmet;
}

/** What does not fit between this node's end of a topic and another's. */
export function mismatches(own: WatchedTopic, other: RosEndpoint): readonly Mismatch[] {
  const { topic, type, qos, role, setting } = own;
  const { node } = other;
  const isPublisher = role === "publisher";
  const does = isPublisher ? "subscribes to" : "publishes on";
  if (other.type !== type) {
    const text = `${node} ${does} ${topic} as ${other.type}, but this node as ${type}: nothing is delivered; remap one of them`;
    return [{ topic, node, what: "type", text }];
  }
  const [offered, requested] = isPublisher ? [qos, other.qos] : [other.qos, qos];
  return unmetPolicies(offered, requested).map((what) => {
    const remedy = setting
      ? `set ${setting}.${what}: ${other.qos[what]} in the launch file`
      : `change it on ${node}`;
    const text =
      `incompatible QoS on ${topic}, policy ${what}: ${node} ${does} it as ${other.qos[what]}, but this node ` +
      `${isPublisher ? "offers" : "asks for"} ${qos[what]}: nothing is delivered; ${remedy}`;
    return { topic, node, what, text };
  });
}

/**
 * Looks for ends of topics that cannot talk with this node's, which ROS 2 passes over in silence. Each is told once, and
 * once more when it is gone.
 *
 * @example
 * const watch = new QosWatch(graph, topics, ({ text }) => graph.log("warn", text));
 * setInterval(() => watch.poll(), 1000);
 */
export class QosWatch {
  readonly #graph: RosGraph;
  readonly #topics: readonly WatchedTopic[];
  readonly #tell: (news: News) => void;
  #known = new Map<string, Mismatch>();

  constructor(graph: RosGraph, topics: readonly WatchedTopic[], tell: (news: News) => void) {
    this.#graph = graph;
    this.#topics = topics;
    this.#tell = tell;
  }

  /** As of the last {@link poll}. */
  get mismatches(): readonly Mismatch[] {
    return [...this.#known.values()];
  }

  poll(): void {
    const found = new Map<string, Mismatch>();
    for (const own of this.#topics) {
      const others =
        own.role === "publisher" ? this.#graph.subscribers(own.topic) : this.#graph.publishers(own.topic);
      for (const mismatch of others.flatMap((other) => mismatches(own, other))) {
        const { topic, node, what } = mismatch;
        found.set(`${topic} ${node} ${what}`, mismatch);
      }
    }
    for (const [key, { text }] of found) if (!this.#known.has(key)) this.#tell({ text, isOver: false });
    for (const [key, { topic, node, what }] of this.#known) {
      if (!found.has(key))
        this.#tell({ text: `${topic}: the ${what} of ${node} is in the way no more`, isOver: true });
    }
    this.#known = found;
  }
}
