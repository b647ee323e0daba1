import type { InferenceHost } from "../inference/host.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import { type FailedTick, isSolved, type SolvedTick, type TickResult } from "../inference/tick-solver.js";
import type {
  ChunkMessage,
  ClientMessage,
  ObservationMessage,
  RefusalReason,
  RefusedMessage,
} from "../transport/message.js";
import { float32 } from "../transport/ndarray.js";
import type { NodeTransport } from "../transport/transport.js";
import { MAX_PEERS, type Peer, Peers } from "./peers.js";
import type { Observation } from "./pilot.js";

/** What the node did with one observation; for logs, status lines and recorders, none of which it waits for. */
export interface NodeEvent {
  readonly peer: string;
  readonly kind: "joined" | "episode" | "solved" | "refused" | "left";
  readonly episode?: number;
  readonly step?: number;
  readonly tick?: TickResult;
  readonly refusal?: RefusedMessage;
}

const SHUTTING_DOWN = "the node is shutting down";

const REASONS: Readonly<Record<FailedTick["outcome"], RefusalReason>> = {
  unconverged: "unconverged",
  stopped: "stopping",
  "not-finite": "solver-failed",
  "worker-failed": "solver-failed",
};

/**
 * The control node: takes observations from any number of robots, has chunks solved by the worker and sends them back.
 * Latest wins: an observation that arrives while another of the same robot is waiting replaces it, and the replaced one
 * is answered with "superseded", so that nothing queues up and nothing goes unanswered.
 *
 * @example
 * const node = new ControlNode(await bindZeromqNode(), host, { solveBudgetMs: 40 });
 * node.start();
 */
export class ControlNode {
  readonly #transport: NodeTransport;
  readonly #host: InferenceHost;
  readonly #solveBudgetMs: number | null;
  readonly #watch: (event: NodeEvent) => void;
  readonly #peers: Peers;
  #stopping = false;

  constructor(
    transport: NodeTransport,
    host: InferenceHost,
    options: { readonly solveBudgetMs?: number | null; readonly watch?: (event: NodeEvent) => void } = {},
  ) {
    this.#transport = transport;
    this.#host = host;
    this.#solveBudgetMs = options.solveBudgetMs ?? null;
    this.#peers = new Peers(host, {
      joined: (peer) => this.#watch({ peer, kind: "joined" }),
      left: (name, peer) => {
        this.#supersede(name, peer, "another robot took this one's place");
        this.#watch({ peer: name, kind: "left" });
      },
    });
    const { watch } = options;
    this.#watch = (event) => {
      try {
        watch?.(event);
      } catch (error) {
        // Whoever only watches must not stop the loop; the process hears of it outside of it.
        queueMicrotask(() => process.emitWarning(error as Error));
      }
    };
  }

  start(): void {
    this.#transport.listen({
      message: (peer, message) => this.#receive(peer, message),
      malformed: (peer, refusal) => this.#refuse(peer, refusal),
    });
  }

  async close(): Promise<void> {
    this.#stopping = true;
    await this.#host.close();
    await this.#transport.close();
  }

  #receive(name: string, message: ClientMessage): void {
    if (message.type === "hello") {
      this.#introduce(name);
      return;
    }
    const peer = this.#peers.heard(name);
    if (!peer) {
      const text = `the node already serves ${MAX_PEERS} robots; stop one of them or start another node`;
      this.#refuse(name, refusalOf(message, "busy", text));
      return;
    }
    const objection = this.#admit(name, peer, message);
    if (objection) {
      this.#refuse(name, refusalOf(message, ...objection));
      return;
    }
    if (!message.plan) return;
    this.#supersede(name, peer, `observation ${message.id} is newer`);
    peer.waiting = { message, view: peer.pilot.view() };
    if (!peer.solving) void this.#solveWaiting(name, peer);
  }

  /** Takes an observation into the peer's history, or says why not. */
  #admit(
    name: string,
    peer: Peer,
    { id, episode, step, observation }: ObservationMessage,
  ): readonly [RefusalReason, string] | undefined {
    if (this.#stopping) return ["stopping", SHUTTING_DOWN];
    if (id === 0) {
      // A robot that was restarted under its old name.
      peer.lastId = -1;
      peer.episode = undefined;
    }
    if (id <= peer.lastId) return ["superseded", `observation ${id} came after observation ${peer.lastId}`];
    peer.lastId = id;
    if (episode !== peer.episode) {
      this.#supersede(name, peer, `observation ${id} is newer`);
      peer.episode = episode;
      peer.pilot.reset(episode);
      this.#watch({ peer: name, kind: "episode", episode });
    }
    const wrong = this.#misshapen(observation) ?? peer.pilot.observe(step, values(observation));
    return wrong ? ["invalid-observation", wrong] : undefined;
  }

  /** A transposed array has the right number of values in the wrong places. */
  #misshapen(observation: ObservationMessage["observation"]): string | undefined {
    for (const { name, shape } of this.#host.manifest.observation) {
      const found = observation[name]?.shape;
      if (found && found.join() !== shape.join()) {
        return `observation "${name}" has shape [${found.join(", ")}]; the policy takes [${shape.join(", ")}]`;
      }
    }
    return undefined;
  }

  /** Answers what waits with the reason why it will not be solved. */
  #supersede(name: string, peer: Peer, why: string): void {
    if (!peer.waiting) return;
    const { message } = peer.waiting;
    peer.waiting = undefined;
    this.#refuse(name, refusalOf(message, "superseded", `observation ${message.id} was not solved: ${why}`));
  }

  async #solveWaiting(name: string, peer: Peer): Promise<void> {
    peer.solving = true;
    while (peer.waiting && !this.#stopping) {
      const { message, view } = peer.waiting;
      peer.waiting = undefined;
      const tick = await peer.pilot.plan(view, this.#solveBudgetMs);
      if (isSolved(tick)) {
        this.#transport.send(name, this.#chunk(message, tick));
        this.#watch({ peer: name, kind: "solved", episode: message.episode, step: message.step, tick });
      } else {
        this.#refuse(name, refusalOf(message, REASONS[tick.outcome], tick.message), tick);
      }
    }
    peer.solving = false;
    if (peer.waiting) this.#refuse(name, refusalOf(peer.waiting.message, "stopping", SHUTTING_DOWN));
  }

  #chunk(message: ObservationMessage, tick: SolvedTick): ChunkMessage {
    const { id, stamp, episode, step } = message;
    const { n_action_steps: execute, action } = this.#host.manifest;
    return {
      type: "chunk",
      id,
      stamp,
      episode,
      step,
      actions: float32(tick.actions, [tick.actions.length / action.length, action.length]),
      execute,
      outcome: tick.outcome,
      sweeps: tick.sweeps,
      evaluations: tick.evaluations,
      residual: tick.residual,
      solve_ms: tick.solveMs,
    };
  }

  #refuse(name: string, refusal: RefusedMessage, tick?: TickResult): void {
    this.#transport.send(name, refusal);
    this.#watch({ peer: name, kind: "refused", refusal, ...(tick ? { tick } : {}) });
  }

  #introduce(name: string): void {
    const { manifest, settings, runtime } = this.#host;
    this.#transport.send(name, {
      type: "policy",
      name: manifest.name,
      task: manifest.task,
      rate_hz: manifest.rate_hz,
      n_obs_steps: manifest.n_obs_steps,
      horizon: manifest.horizon,
      n_action_steps: manifest.n_action_steps,
      observation: manifest.observation.map(({ name: key, shape, unit }) => ({ name: key, shape, unit })),
      action: manifest.action,
      solver: describeSolver(settings),
      provider: describeRuntime(runtime),
    });
  }
}

function refusalOf(
  { id, stamp }: ObservationMessage,
  reason: RefusalReason,
  message: string,
): RefusedMessage {
  return { type: "refused", id, stamp, reason, message };
}

function values(arrays: ObservationMessage["observation"]): Observation {
  return Object.fromEntries(Object.entries(arrays).map(([key, array]) => [key, array.data]));
}
