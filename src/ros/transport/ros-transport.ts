import type { Manifest } from "../../policy/manifest.js";
import type { Clock } from "../../time/clock.js";
import type { ActionMessage, NodeMessage, ObservationMessage } from "../../transport/message.js";
import { type NodeHandlers, type NodeTransport, TransportError } from "../../transport/transport.js";
import type { RosGraph } from "../graph.js";
import type { TransportHealth } from "../health.js";
import type { WatchedTopic } from "../qos-watch.js";
import type { Sample } from "../time/lane.js";
import { type Frame, TimeGrid } from "../time/time-grid.js";
import type { Command } from "../write/writer.js";
import { Acquisitions } from "./acquisitions.js";
import { CommandDispatch } from "./command-dispatch.js";
import type { Arrival } from "./intake.js";
import { ObservationInlet } from "./observation-inlet.js";
import type { ObservationInput, Topics } from "./topics.js";
import { type News, Troubles } from "./troubles.js";

/** The one robot at the other end of the topics. */
export const ROS_PEER = "ros";

export interface RosTransportOptions {
  readonly graph: RosGraph;
  readonly bindings: Topics;
  readonly manifest: Manifest;
  /** The loop's. */
  readonly clock: Clock;
  /** Null: observations of any age. */
  readonly maxObservationAgeMs: () => number | null;
  /** The control period. */
  readonly periodMs: number;
  readonly futureToleranceMs?: number;
  /** Told of every command once it is out. */
  readonly onCommand?: (command: Command) => void;
  /** Told of what goes wrong, and when it is over; once each, however often it happens. */
  readonly onNews?: (news: News) => void;
}

const REFUSALS = "observations";
const TIME = "ROS time";

/**
 * A robot on a ROS 2 graph as the control node's one client: topics become an observation per control step, actions
 * become topics. An action is stamped with the acquisition of the observation that it derives from.
 *
 * @example
 * const transport = new RosTransport({
 *   graph, manifest, clock,
 *   bindings: resolveBindings(launch.ros, manifest),
 *   maxObservationAgeMs: () => budgets.maxObservationAge,
 *   periodMs: budgets.tick,
 *   onNews: ({ text, isOver }) => graph.log(isOver ? "info" : "warn", text),
 * });
 * new ControlNode(transport, host, { clock, budgets, plan }).start();
 */
export class RosTransport implements NodeTransport {
  readonly address: string;
  readonly #options: RosTransportOptions;
  readonly #grid: TimeGrid;
  readonly #troubles: Troubles;
  readonly #acquisitions = new Acquisitions();
  readonly #dispatch: CommandDispatch;
  #inlets: readonly ObservationInlet[] = [];
  #handlers: NodeHandlers | undefined;
  #isPaused = false;
  #id = 0;
  #episode = 0;
  /** The first episode since time was set back, or the node was paused. */
  #worldSince = 0;
  #refused = 0;
  #receivedAt = Number.NEGATIVE_INFINITY;

  /** @throws ConfigurationError when no observation comes more than once. */
  constructor(options: RosTransportOptions) {
    const { graph, bindings, periodMs, maxObservationAgeMs, futureToleranceMs, onNews, onCommand } = options;
    this.#options = options;
    this.address = `ROS 2 node ${graph.name}`;
    this.#grid = new TimeGrid({
      periodMs,
      keys: bindings.observations,
      maxAgeMs: maxObservationAgeMs,
      ...(futureToleranceMs === undefined ? {} : { futureToleranceMs }),
    });
    this.#troubles = new Troubles(onNews ?? (() => {}));
    this.#dispatch = new CommandDispatch({
      graph,
      outputs: bindings.actions,
      periodMs,
      stampOf: (us) => this.#acquisitions.stampOf(us),
      trouble: (about, text) => this.#trouble(about, text),
      fine: (about) => this.#troubles.fine(about, options.clock.now()),
      ...(onCommand ? { onCommand } : {}),
    });
  }

  /** Messages that newer ones replaced while one was decoded. */
  get dropped(): number {
    return this.#inlets.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  listen(handlers: NodeHandlers): void {
    if (this.#handlers) throw new TransportError("listen() was called twice on the ROS transport");
    this.#handlers = handlers;
    this.#inlets = this.#options.bindings.observations.map((input) => this.#inlet(input));
  }

  send(_peer: string, message: NodeMessage): void {
    if (message.type === "action") this.#act(message);
    else if (message.type === "refused") {
      this.#refused += 1;
      // That is what was asked for.
      if (message.reason !== "stopping") this.#trouble(REFUSALS, message.message);
    }
  }

  /**
   * A new episode begins: what was seen before, and what was planned, is void. In the place where it was told to be the
   * robot may still be told to stand, until there is an observation of the new episode.
   */
  begin(): void {
    this.#grid.clear();
    this.#beginEpisode();
  }

  /** The world begins anew, and with it an episode: nothing of the old one is said any more. */
  beginWorld(): void {
    this.begin();
    this.#worldSince = this.#episode;
  }

  /** Forwards nothing and publishes nothing until {@link resume}; what is given once is taken in, and rates are measured. */
  pause(): void {
    this.#isPaused = true;
    this.beginWorld();
  }

  /** Goes on, in a new episode. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.beginWorld();
  }

  async close(): Promise<void> {
    this.#isPaused = true;
    for (const inlet of this.#inlets) inlet.close();
    this.#dispatch.close();
  }

  health(): TransportHealth {
    const rosMs = this.#options.graph.now();
    return {
      episode: this.#episode,
      steps: this.#isPaused ? 0 : this.#grid.step + 1,
      lacking: this.#grid.lacking,
      refused: this.#refused,
      refusal: this.#troubles.of(REFUSALS),
      observations: this.#inlets.map((inlet) => ({
        name: inlet.name,
        topic: inlet.topic,
        requiredHz: inlet.rateHz,
        measuredHz: inlet.measuredHz(rosMs),
        ageMs: this.#grid.ageMs(inlet.name, rosMs),
        count: inlet.count,
        problem: this.#troubles.of(subject(inlet)),
      })),
      actions: this.#dispatch.outlets.map(({ topic, published }) => ({
        topic,
        published,
        problem: this.#troubles.of(topic),
      })),
    };
  }

  /** The ends of topics in use, for a {@link QosWatch}; those of observations once it listens. */
  watched(): readonly WatchedTopic[] {
    const { observations, actions } = this.#options.bindings;
    const inputs = this.#inlets.map(({ name, topic }, k): WatchedTopic => {
      const { qos, reader } = observations[k];
      return { topic, type: reader.type, qos, role: "subscription", setting: `ros.observations.${name}.qos` };
    });
    const outputs = this.#dispatch.outlets.map(({ topic }, k): WatchedTopic => {
      const { qos, writer } = actions[k];
      return { topic, type: writer.type, qos, role: "publisher", setting: `ros.actions.${k}.qos` };
    });
    return [...inputs, ...outputs];
  }

  #inlet(input: ObservationInput): ObservationInlet {
    const { graph, manifest, clock } = this.#options;
    const wanted = manifest.observation.find(({ name }) => name === input.name);
    if (!wanted) throw new Error(`"${input.name}" is no observation of policy "${manifest.name}"`);
    const inlet: ObservationInlet = new ObservationInlet(graph, input, wanted, {
      arrival: () => ({ atMs: clock.now(), rosMs: graph.now() }),
      sound: (values, stamp, arrival) =>
        this.#take(inlet, { stamp, values, arrivedMs: arrival.rosMs }, arrival),
      unsound: (problem) => this.#trouble(subject(inlet), problem),
    });
    return inlet;
  }

  #take(inlet: ObservationInlet, sample: Sample, { atMs }: Arrival): void {
    const { graph, clock } = this.#options;
    const rosMs = graph.now();
    const { frame, problem, wentBackMs } = this.#grid.add(inlet.name, sample, rosMs);
    if (wentBackMs !== undefined) {
      this.#trouble(TIME, `went back by ${(wentBackMs / 1000).toFixed(2)} s: a new episode begins`);
      this.#beginEpisode();
      this.#worldSince = this.#episode;
    }
    if (problem) this.#trouble(subject(inlet), problem);
    else this.#troubles.fine(subject(inlet), clock.now());
    if (frame && !this.#isPaused) this.#forward(frame, rosMs, atMs);
  }

  /** @param atMs when the message that completed the frame came, on the loop's clock. */
  #forward({ step, stamp, stampMs, observation }: Frame, rosMs: number, atMs: number): void {
    const { manifest, clock } = this.#options;
    // One that was decoded for long may have come before others that were not.
    this.#receivedAt = Math.max(this.#receivedAt, atMs);
    const sinceMs = clock.now() - this.#receivedAt;
    const message: ObservationMessage = {
      type: "observation",
      id: this.#id++,
      stamp: this.#acquisitions.add(stamp),
      age_ms: Math.max(0, rosMs - stampMs - sinceMs),
      episode: this.#episode,
      step,
      reply: "paced",
      observation: Object.fromEntries(
        manifest.observation.map(({ name, shape }) => [
          name,
          { dtype: "<f8", shape, data: observation[name] },
        ]),
      ),
    };
    this.#troubles.fine(REFUSALS, clock.now());
    this.#troubles.fine(TIME, clock.now());
    this.#handlers?.message(ROS_PEER, message, this.#receivedAt);
  }

  #act(action: ActionMessage): void {
    // Of an episode that is over the loop has nothing to say but where to stand, until an observation of this one comes.
    const isInForce = action.plan ? action.episode === this.#episode : action.episode >= this.#worldSince;
    if (isInForce && !this.#isPaused) this.#dispatch.send(action);
  }

  #beginEpisode(): void {
    this.#episode += 1;
    for (const inlet of this.#inlets) inlet.forget();
  }

  #trouble(about: string, text: string): void {
    this.#troubles.seen(about, text, this.#options.clock.now());
  }
}

function subject({ name, topic }: ObservationInlet): string {
  return `${name} (${topic})`;
}
