import type {
  ParameterDeclaration,
  ParameterType,
  ParameterValue,
  RosClient,
  RosEndpoint,
  RosGraph,
  RosParameters,
  RosPublisher,
  RosService,
  RosSubscription,
} from "../../src/ros/graph.js";
import type { Qos } from "../../src/ros/qos.js";

type Level = Parameters<RosGraph["log"]>[0];

interface Publication {
  readonly node: string;
  readonly topic: string;
  readonly type: string;
  readonly qos: Qos;
  /** What a subscriber that comes later is given, with durability transient_local. */
  readonly kept: object[];
}

interface Listening {
  readonly graph: MemoryGraph;
  readonly topic: string;
  readonly type: string;
  readonly qos: Qos;
  readonly listen: (message: unknown) => void;
  readonly waiting: object[];
}

interface Answering {
  readonly graph: MemoryGraph;
  readonly type: string;
  readonly name: string;
  readonly answer: (request: unknown) => object | Promise<object>;
}

/** What the nodes of one graph share. */
interface Network {
  now: () => number;
  /** Whether messages wait for {@link MemoryGraph.deliver}. */
  isQueued: boolean;
  readonly publications: Set<Publication>;
  readonly listening: Set<Listening>;
  readonly answering: Set<Answering>;
}

export interface MemoryGraphOptions {
  /** ROS time, ms; a function where it passes by itself. */
  readonly now?: number | (() => number);
  /** Messages wait for `deliver()`, the newest `depth` of each subscription, instead of arriving within `publish()`. */
  readonly queued?: boolean;
  /** As `use_sim_time` says. */
  readonly isSimulated?: boolean;
  /** What a parameter file would say. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
}

/**
 * A ROS 2 node on a graph in memory, which keeps to the rules of the real one: QoS that do not fit, or another type,
 * deliver nothing; messages are copies; what a listener throws ends up in the log.
 *
 * @example
 * const graph = new MemoryGraph("/robot/parapilot");
 * const arm = graph.remote("/robot/arm");
 * graph.subscription("std_msgs/msg/Empty", "go", SENSOR_QOS, () => console.log("go"));
 * arm.publisher("std_msgs/msg/Empty", "/robot/go", COMMAND_QOS).publish({});
 * graph.setNow(2_000); // ROS time of every node
 */
export class MemoryGraph implements RosGraph {
  readonly name: string;
  readonly isSimulated: boolean;
  readonly parameters: MemoryParameters;
  /** What this node has logged, oldest first. */
  readonly logged: { readonly level: Level; readonly text: string }[] = [];
  readonly #network: Network;

  /** @param name fully qualified, or the node's name alone. */
  constructor(name: string, options: MemoryGraphOptions = {}, network?: Network) {
    this.name = name.startsWith("/") ? name : `/${name}`;
    this.isSimulated = options.isSimulated ?? false;
    this.parameters = new MemoryParameters(options.parameters ?? {});
    const { now = 1_000_000 } = options;
    this.#network = network ?? {
      now: typeof now === "number" ? () => now : now,
      isQueued: options.queued ?? false,
      publications: new Set(),
      listening: new Set(),
      answering: new Set(),
    };
  }

  /** Another node on the same graph. */
  remote(name: string, options: Pick<MemoryGraphOptions, "parameters" | "isSimulated"> = {}): MemoryGraph {
    return new MemoryGraph(name, options, this.#network);
  }

  now(): number {
    return this.#network.now();
  }

  setNow(ms: number): void {
    this.#network.now = () => ms;
  }

  publisher(type: string, topic: string, qos: Qos): RosPublisher {
    const network = this.#network;
    const publication: Publication = { node: this.name, topic: this.resolve(topic), type, qos, kept: [] };
    network.publications.add(publication);
    return {
      topic: publication.topic,
      publish: (message) => {
        if (!network.publications.has(publication)) throw new Error(`${publication.topic} is closed`);
        const { kept } = publication;
        kept.push(structuredClone(message));
        if (kept.length > qos.depth) kept.shift();
        for (const listening of [...network.listening]) {
          if (fits(publication, listening)) this.#hand(listening, message);
        }
      },
      close: () => {
        network.publications.delete(publication);
      },
    };
  }

  subscription(type: string, topic: string, qos: Qos, listen: (message: unknown) => void): RosSubscription {
    const network = this.#network;
    const listening: Listening = {
      graph: this,
      topic: this.resolve(topic),
      type,
      qos,
      listen,
      waiting: [],
    };
    network.listening.add(listening);
    if (qos.durability === "transient_local") {
      for (const publication of network.publications) {
        if (!fits(publication, listening)) continue;
        for (const message of publication.kept) this.#hand(listening, message);
      }
    }
    return {
      topic: listening.topic,
      close: () => {
        network.listening.delete(listening);
      },
    };
  }

  /** Hands over what waits on a queued graph, and what is published meanwhile. */
  deliver(): void {
    const next = () => [...this.#network.listening].find(({ waiting }) => waiting.length > 0);
    for (let listening = next(); listening; listening = next()) {
      this.#tell(listening, listening.waiting.shift() as object);
    }
  }

  service(type: string, name: string, answer: Answering["answer"]): RosService {
    const answering: Answering = { graph: this, type, name: this.resolve(name), answer };
    this.#network.answering.add(answering);
    return {
      close: () => {
        this.#network.answering.delete(answering);
      },
    };
  }

  client(type: string, name: string): RosClient {
    const resolved = this.resolve(name);
    return {
      call: async (request, timeoutMs) => {
        const found = [...this.#network.answering].find((s) => s.name === resolved && s.type === type);
        if (!found) throw new Error(`service ${resolved} (${type}) is not there after ${timeoutMs} ms`);
        // However long that takes: what passes here is the test's time, not the machine's.
        return this.#ask(found, structuredClone(request));
      },
      close: () => {},
    };
  }

  publishers(topic: string): readonly RosEndpoint[] {
    const resolved = this.resolve(topic);
    return [...this.#network.publications]
      .filter((publication) => publication.topic === resolved)
      .map(({ node, type, qos }) => ({ node, type, qos }));
  }

  subscribers(topic: string): readonly RosEndpoint[] {
    const resolved = this.resolve(topic);
    return [...this.#network.listening]
      .filter((listening) => listening.topic === resolved)
      .map(({ graph, type, qos }) => ({ node: graph.name, type, qos }));
  }

  log(level: Level, text: string): void {
    this.logged.push({ level, text });
  }

  /** The full name of a topic or service as this node means it. */
  resolve(name: string): string {
    if (name.startsWith("/")) return name;
    if (name.startsWith("~/")) return `${this.name}${name.slice(1)}`;
    return `${this.name.slice(0, this.name.lastIndexOf("/"))}/${name}`;
  }

  #hand(listening: Listening, message: object): void {
    const copy = structuredClone(message);
    if (!this.#network.isQueued) {
      this.#tell(listening, copy);
      return;
    }
    listening.waiting.push(copy);
    if (listening.waiting.length > listening.qos.depth) listening.waiting.shift();
  }

  #tell({ graph, topic, listen }: Listening, message: object): void {
    try {
      listen(message);
    } catch (error) {
      graph.log("error", `${topic}: ${(error as Error).message}`);
    }
  }

  async #ask({ graph, name, answer }: Answering, request: object): Promise<unknown> {
    try {
      return structuredClone(await answer(request));
    } catch (error) {
      graph.log("error", `${name}: ${(error as Error).message}`);
      return {};
    }
  }
}

/** A node's parameters, and what a client on the graph does with them. */
export class MemoryParameters implements RosParameters {
  readonly #overrides: Readonly<Record<string, ParameterValue>>;
  readonly #declared = new Map<string, ParameterDeclaration>();
  readonly #values = new Map<string, ParameterValue>();
  readonly #checks: Parameters<RosParameters["guard"]>[0][] = [];

  constructor(overrides: Readonly<Record<string, ParameterValue>>) {
    this.#overrides = overrides;
  }

  declare(declarations: readonly ParameterDeclaration[]): ReadonlyMap<string, ParameterValue> {
    for (const declaration of declarations) {
      this.#declared.set(declaration.name, declaration);
      this.#values.set(declaration.name, this.#overrides[declaration.name] ?? declaration.value);
    }
    return new Map(declarations.map(({ name }) => [name, this.#values.get(name) as ParameterValue]));
  }

  guard(check: (changes: ReadonlyMap<string, ParameterValue>) => string | undefined): void {
    this.#checks.push(check);
  }

  get(name: string): ParameterValue | undefined {
    return this.#values.get(name);
  }

  declaration(name: string): ParameterDeclaration | undefined {
    return this.#declared.get(name);
  }

  /** As `ros2 param set`, all or none: gives the reason of a refusal. */
  set(changes: Readonly<Record<string, ParameterValue>>): string | undefined {
    for (const [name, value] of Object.entries(changes)) {
      const declared = this.#declared.get(name);
      if (!declared) return `parameter ${name} is not declared`;
      if (declared.readOnly) return `parameter ${name} is read-only`;
      if (!isOfType(value, declared.type)) return `parameter ${name} is not a ${declared.type}`;
      const { range } = declared;
      if (range && typeof value === "number" && !(value >= range.min && value <= range.max)) {
        return `parameter ${name} is out of its range`;
      }
    }
    const asked = new Map(Object.entries(changes));
    for (const check of this.#checks) {
      const reason = check(asked);
      if (reason !== undefined) return reason;
    }
    for (const [name, value] of asked) this.#values.set(name, value);
    return undefined;
  }
}

function fits(publication: Publication, listening: Listening): boolean {
  const { reliability, durability } = publication.qos;
  return (
    publication.topic === listening.topic &&
    publication.type === listening.type &&
    !(reliability === "best_effort" && listening.qos.reliability === "reliable") &&
    !(durability === "volatile" && listening.qos.durability === "transient_local")
  );
}

function isOfType(value: ParameterValue, type: ParameterType): boolean {
  if (type.endsWith("_array")) {
    const of = type.slice(0, -"_array".length) as ParameterType;
    return Array.isArray(value) && value.every((item) => isOfType(item, of));
  }
  if (type === "bool") return typeof value === "boolean";
  if (type === "string") return typeof value === "string";
  return typeof value === "number" && (type === "double" || Number.isInteger(value));
}
