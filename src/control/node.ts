import type { Inference } from "../inference/inference.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver, type SolverSettings } from "../inference/settings.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import type { Clock } from "../time/clock.js";
import type {
  ClientMessage,
  ObservationMessage,
  PolicyMessage,
  RefusalReason,
  RefusedMessage,
} from "../transport/message.js";
import { describeShape } from "../transport/ndarray.js";
import type { NodeTransport } from "../transport/transport.js";
import { type Budgets, describeBudgets } from "./budgets.js";
import { MAX_ROBOTS, Peers } from "./peers.js";
import type { PlanSettings } from "./plan-settings.js";
import { Robot } from "./robot.js";

const SHUTTING_DOWN = "the node is shutting down";

export interface NodeOptions {
  readonly clock: Clock;
  /** To begin with; see {@link ControlNode.adjust}. */
  readonly budgets: Budgets;
  readonly plan: PlanSettings;
  /** Served at a time; 16 unless told. */
  readonly mostRobots?: number;
  /** Told of everything that happens, for logs, pages and recorders, none of which the node waits for. */
  readonly watch?: (event: LoopEvent) => void;
}

/**
 * The control node: takes the observations of any number of robots and gives each an action per control step, in time.
 * The newest observation wins: one that still waits for its action is answered with "superseded" when the next one of
 * the same robot comes, so that nothing queues up and nothing goes unanswered.
 *
 * @example
 * const plan = resolvePlanSettings(launch.plan, host.manifest);
 * const budgets = resolveBudgets(launch.budgets, host.manifest, plan);
 * const node = new ControlNode(await bindZeromqNode(), host, { clock: new MonotonicClock(), budgets, plan });
 * node.start();
 */
export class ControlNode {
  readonly #transport: NodeTransport;
  readonly #inference: Inference;
  readonly #options: NodeOptions;
  readonly #peers: Peers;
  readonly #watch: (event: LoopEvent) => void;
  #budgets: Budgets;
  /** Why no robot is served at present. */
  #halted: string | undefined;

  constructor(transport: NodeTransport, inference: Inference, options: NodeOptions) {
    this.#transport = transport;
    this.#inference = inference;
    this.#options = options;
    this.#budgets = options.budgets;
    this.#peers = new Peers(
      (name) => this.#welcome(name),
      (robot) => this.#dismiss(robot, "busy", "another robot took this one's place"),
      options.mostRobots ?? MAX_ROBOTS,
    );
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
      message: (peer, message, receivedAt) => this.#receive(peer, message, receivedAt),
      malformed: (peer, refusal) => this.#refuse(peer, refusal),
    });
  }

  /** Brings every robot to a controlled stop and refuses what they show, until {@link resume}. */
  halt(why: string): void {
    this.#halted = why;
    for (const robot of this.#peers.all()) robot.halt(why);
  }

  /** Whether every robot stands, and has been told for long enough: after {@link halt}. */
  get isSilent(): boolean {
    return this.#peers.all().every((robot) => robot.isSilent);
  }

  /** Serves robots again, each from the beginning. */
  resume(): void {
    for (const robot of this.#peers.clear()) this.#dismiss(robot, "stopping", this.#halted ?? SHUTTING_DOWN);
    this.#halted = undefined;
  }

  /**
   * Changes budgets, and how chunks are solved, for what is ordered from now on; plans in hand stay.
   *
   * @throws ConfigurationError when the policy cannot be solved like that; nothing has changed then.
   */
  adjust(budgets: Budgets, solver: SolverSettings): void {
    this.#inference.adjust(solver);
    this.#budgets = budgets;
    for (const robot of this.#peers.all()) robot.adjust(budgets);
    this.#watch({
      kind: "settings",
      at: this.#options.clock.now(),
      budgets,
      solver: this.#inference.settings,
    });
  }

  async close(): Promise<void> {
    this.#halted = SHUTTING_DOWN;
    for (const robot of this.#peers.all()) this.#dismiss(robot, "stopping", SHUTTING_DOWN);
    await this.#inference.close();
    await this.#transport.close();
  }

  #receive(name: string, message: ClientMessage, receivedAt: number): void {
    if (message.type === "hello") {
      this.#transport.send(name, this.#introduction());
      return;
    }
    const { id, stamp } = message;
    const taken = this.#admit(name, message.observation, receivedAt);
    if (taken instanceof Robot) taken.take(message, receivedAt);
    else this.#refuse(name, { type: "refused", id, stamp, ...taken });
  }

  /** The robot that an observation is for, or why it is not taken. */
  #admit(
    name: string,
    observation: ObservationMessage["observation"],
    receivedAt: number,
  ): Robot | Pick<RefusedMessage, "reason" | "message"> {
    if (this.#halted !== undefined) return { reason: "stopping", message: this.#halted };
    const robot = this.#peers.heard(name, receivedAt);
    if (!robot) {
      const message = `the node already serves ${this.#peers.all().length} robots; stop one of them or start another node`;
      return { reason: "busy", message };
    }
    const wrong = this.#misshapen(observation);
    return wrong ? { reason: "invalid-observation", message: wrong } : robot;
  }

  #welcome(name: string): Robot {
    const { clock, plan } = this.#options;
    const budgets = this.#budgets;
    this.#watch({ kind: "joined", at: clock.now(), robot: name });
    return new Robot(name, {
      inference: this.#inference,
      clock,
      budgets,
      plan,
      send: (message) => this.#transport.send(name, message),
      watch: this.#watch,
    });
  }

  #dismiss(robot: Robot, reason: RefusalReason, why: string): void {
    robot.close(reason, why);
    this.#watch({ kind: "left", at: this.#options.clock.now(), robot: robot.name });
  }

  /** A transposed array has the right number of values in the wrong places. */
  #misshapen(observation: ObservationMessage["observation"]): string | undefined {
    for (const { name, shape } of this.#inference.manifest.observation) {
      const found = observation[name]?.shape;
      if (found && found.join() !== shape.join()) {
        return `observation "${name}" has shape ${describeShape(found)}; the policy takes [${shape.join(", ")}]`;
      }
    }
    return undefined;
  }

  #refuse(name: string, refusal: RefusedMessage): void {
    this.#transport.send(name, refusal);
    const { id, reason, message } = refusal;
    this.#watch({ kind: "refused", at: this.#options.clock.now(), robot: name, id, reason, message });
  }

  #introduction(): PolicyMessage {
    const { manifest, settings, runtime } = this.#inference;
    return {
      type: "policy",
      name: manifest.name,
      task: manifest.task,
      rate_hz: manifest.rate_hz,
      command_rate_hz: manifest.rate_hz * this.#options.plan.commands,
      n_obs_steps: manifest.n_obs_steps,
      horizon: manifest.horizon,
      n_action_steps: this.#options.plan.execute,
      observation: manifest.observation.map(({ name: key, shape, unit }) => ({ name: key, shape, unit })),
      action: manifest.action.map(({ name, unit, min, max }) => ({ name, unit, min, max })),
      solver: describeSolver(settings),
      provider: describeRuntime(runtime),
      budgets: describeBudgets(this.#budgets),
    };
  }
}
