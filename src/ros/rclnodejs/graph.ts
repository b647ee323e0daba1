import type {
  RosClient,
  RosEndpoint,
  RosGraph,
  RosParameters,
  RosPublisher,
  RosService,
  RosSubscription,
} from "../graph.js";
import type { Qos } from "../qos.js";
import { describe, type OpenedNode } from "./node.js";
import { outgoingMessages } from "./outgoing.js";
import { RclParameters } from "./parameters.js";
import { endpointQos, rclQos } from "./qos.js";
import type { Rcl, RclEndpoint, RclNode } from "./rcl.js";

type Level = Parameters<RosGraph["log"]>[0];
type ServiceClass = { readonly Request: unknown; readonly Response: unknown };

/**
 * One node of rclnodejs as a {@link RosGraph}. Nothing that a listener or a service does reaches rclnodejs as an
 * exception, and no typed array goes out as other memory than its own.
 */
export class RclGraph implements RosGraph {
  readonly name: string;
  readonly parameters: RosParameters & { readonly unknown: readonly string[] };
  readonly #rcl: Rcl;
  readonly #node: RclNode;
  #isClosed = false;

  constructor(rcl: Rcl, { node, overrides }: OpenedNode) {
    this.#rcl = rcl;
    this.#node = node;
    this.name = node.getFullyQualifiedName();
    this.parameters = new RclParameters(rcl, node, overrides, (text) => this.log("warn", text));
  }

  get isSimulated(): boolean {
    return this.#node.getParameter("use_sim_time").value === true;
  }

  /** Publishing, listening and answering end; what is called afterwards does nothing. */
  close(): void {
    this.#isClosed = true;
  }

  now(): number {
    // After the shutdown the node has no clock any more.
    return this.#isClosed ? Date.now() : Number(this.#node.now().nanoseconds / 1000n) / 1000;
  }

  /** @throws when the first message does not have the fields of the type: a mistake in the program. */
  publisher(type: string, topic: string, qos: Qos): RosPublisher {
    const publisher = this.#node.createPublisher(type, topic, { qos: rclQos(this.#rcl, qos) });
    const outgoing = outgoingMessages(this.#rcl.require(type), (each) => this.#rcl.require(each));
    let isProven = false;
    return {
      topic: publisher.topic,
      publish: (message) => {
        if (this.#isClosed) return;
        publisher.publish(outgoing(message), { validate: !isProven });
        isProven = true;
      },
      close: () => this.#destroy(() => this.#node.destroyPublisher(publisher)),
    };
  }

  subscription(
    type: string,
    topic: string,
    qos: Qos,
    listen: (message: unknown) => unknown,
  ): RosSubscription {
    const subscription = this.#node.createSubscription(
      type,
      topic,
      { qos: rclQos(this.#rcl, qos) },
      (message) => this.#guarded(topic, () => listen(message)),
    );
    return {
      topic: subscription.topic,
      close: () => this.#destroy(() => this.#node.destroySubscription(subscription)),
    };
  }

  service(type: string, name: string, answer: (request: unknown) => object | Promise<object>): RosService {
    const { Response } = this.#rcl.require(type) as ServiceClass;
    const outgoing = outgoingMessages(Response, (each) => this.#rcl.require(each));
    const service = this.#node.createService(type, name, {}, (request, response) => {
      void this.#answer(`service ${name}`, () => answer(request)).then((fields) =>
        this.#guarded(`service ${name}`, () => {
          if (this.#isClosed) return;
          response.send(fields ? outgoing(fields) : response.template);
        }),
      );
    });
    return { close: () => this.#destroy(() => this.#node.destroyService(service)) };
  }

  client(type: string, name: string): RosClient {
    const client = this.#node.createClient(type, name);
    const { Request } = this.#rcl.require(type) as ServiceClass;
    const outgoing = outgoingMessages(Request, (each) => this.#rcl.require(each));
    return {
      call: async (request, timeoutMs) => {
        const deadline = performance.now() + timeoutMs;
        if (!(await client.waitForService(timeoutMs)))
          throw new Error(`service ${client.serviceName} is not there (waited ${timeoutMs} ms)`);
        const timeout = Math.max(1, Math.round(deadline - performance.now()));
        return client.sendRequestAsync(outgoing(request), { timeout, validate: true });
      },
      close: () => this.#destroy(() => this.#node.destroyClient(client)),
    };
  }

  publishers(topic: string): readonly RosEndpoint[] {
    return this.#isClosed ? [] : this.#node.getPublishersInfoByTopic(topic).map(endpoint);
  }

  subscribers(topic: string): readonly RosEndpoint[] {
    return this.#isClosed ? [] : this.#node.getSubscriptionsInfoByTopic(topic).map(endpoint);
  }

  log(level: Level, text: string): void {
    if (this.#isClosed) process.stderr.write(`[${level}] ${text}\n`);
    else this.#node.getLogger()[level](text);
  }

  #destroy(destroy: () => void): void {
    if (!this.#isClosed) destroy();
  }

  #guarded(where: string, act: () => unknown): void {
    try {
      const result = act();
      // A listener may be asynchronous in spite of its type.
      if (result instanceof Promise) result.catch((error: unknown) => this.#report(where, error));
    } catch (error) {
      this.#report(where, error);
    }
  }

  async #answer(where: string, answer: () => object | Promise<object>): Promise<object | undefined> {
    try {
      return await answer();
    } catch (error) {
      this.#report(where, error);
      return undefined;
    }
  }

  #report(where: string, error: unknown): void {
    this.log("error", `${where}: ${describe(error)}`);
  }
}

function endpoint({ node_name, node_namespace, topic_type, qos_profile }: RclEndpoint): RosEndpoint {
  const node = `${node_namespace.replace(/\/$/, "")}/${node_name}`;
  return { node, type: topic_type, qos: endpointQos(qos_profile) };
}
