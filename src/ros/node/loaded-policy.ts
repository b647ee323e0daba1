import { setTimeout as sleep } from "node:timers/promises";
import { adviceOn, type Budgets, describeBudgets, resolveBudgets } from "../../control/budgets.js";
import { ControlNode } from "../../control/node.js";
import { type PlanSettings, resolvePlanSettings } from "../../control/plan-settings.js";
import { InferenceHost } from "../../inference/host.js";
import { describeRuntime } from "../../inference/runtime.js";
import { describeSolver } from "../../inference/settings.js";
import type { Launch } from "../../launch/launch.js";
import { type Bundle, loadBundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import type { LoopEvent } from "../../telemetry/loop-event.js";
import { type Clock, monotonicMs } from "../../time/clock.js";
import { MonotonicClock } from "../../time/monotonic-clock.js";
import { resolveBindings } from "../bindings.js";
import type { RosGraph } from "../graph.js";
import { SimTime } from "../time/sim-time.js";
import { RosTransport } from "../transport/ros-transport.js";
import type { Topics } from "../transport/topics.js";
import type { News } from "../transport/troubles.js";
import type { Command } from "../write/writer.js";

/** How often a robot that stops is looked at. */
const LOOK_MS = 50;
/** So long is waited for time that stands still, and for a robot that does not come to stand, by the wall clock. */
const STANDSTILL_MS = 1000;
const LONGEST_STOP_MS = 30_000;

export interface LoadedPolicyOptions {
  readonly graph: RosGraph;
  readonly launch: Launch;
  readonly watch: (event: LoopEvent) => void;
  readonly tell: (news: News) => void;
  /** Told of every command that goes out. */
  readonly onCommand: (command: Command) => void;
}

/** What a configured node holds, until it is cleaned up: the policy, its worker, and its ends on the graph. */
export class LoadedPolicy {
  readonly bundle: Bundle;
  readonly host: InferenceHost;
  readonly plan: PlanSettings;
  readonly topics: Topics;
  readonly transport: RosTransport;
  /** Under `use_sim_time`. */
  readonly time: SimTime | undefined;
  readonly clock: Clock;
  readonly #node: ControlNode;
  readonly #closeClock: () => Promise<void>;
  #budgets: Budgets;

  private constructor(
    { graph, launch, watch, tell, onCommand }: LoadedPolicyOptions,
    parts: {
      readonly bundle: Bundle;
      readonly topics: Topics;
      readonly plan: PlanSettings;
      readonly budgets: Budgets;
      readonly host: InferenceHost;
      readonly clock: MonotonicClock;
    },
  ) {
    const { bundle, topics, plan, budgets, host } = parts;
    this.bundle = bundle;
    this.host = host;
    this.plan = plan;
    this.topics = topics;
    this.#budgets = budgets;
    this.time = graph.isSimulated
      ? new SimTime(graph, { onBack: () => this.transport.beginWorld() })
      : undefined;
    this.clock = this.time?.clock ?? parts.clock;
    this.#closeClock = async () => {
      this.time?.close();
      await parts.clock.close();
    };
    const futureToleranceMs = launch.ros?.future_tolerance;
    this.transport = new RosTransport({
      graph,
      bindings: topics,
      manifest: bundle.manifest,
      clock: this.clock,
      maxObservationAgeMs: () => this.#budgets.maxObservationAge,
      periodMs: budgets.tick,
      ...(futureToleranceMs === undefined ? {} : { futureToleranceMs: futureToleranceMs ?? 0 }),
      onNews: tell,
      onCommand,
    });
    this.#node = new ControlNode(this.transport, host, { clock: this.clock, budgets, plan, watch });
  }

  /** @throws ConfigurationError when the launch does not fit the policy, or the policy cannot be run. */
  static async load(options: LoadedPolicyOptions): Promise<LoadedPolicy> {
    const { graph, launch, watch } = options;
    if (!launch.ros) {
      throw new ConfigurationError(
        "the launch file has no section ros, which says where observations come from and actions go; launch/pusht.yaml has one",
      );
    }
    const bundle = await loadBundle(launch.policy);
    const plan = resolvePlanSettings(launch.plan, bundle.manifest);
    const budgets = resolveBudgets(launch.budgets, bundle.manifest, plan);
    const topics = await resolveBindings(launch.ros, bundle.manifest);
    const advice = adviceOn(budgets, plan);
    if (advice) graph.log("info", advice);
    const clock = new MonotonicClock();
    const loaded: { policy?: LoadedPolicy } = {};
    let host: InferenceHost | undefined;
    try {
      host = await InferenceHost.start(bundle, {
        runtime: launch.runtime,
        solver: launch.solver,
        onWorker: (event) => {
          if (loaded.policy) watch({ kind: "worker", at: loaded.policy.clock.now(), ...event });
        },
      });
      if (host.providerNote) graph.log("info", host.providerNote);
      loaded.policy = new LoadedPolicy(options, { bundle, topics, plan, budgets, host, clock });
      loaded.policy.transport.pause();
      loaded.policy.#node.start();
      return loaded.policy;
    } catch (error) {
      await loaded.policy?.close();
      await host?.close();
      await clock.close();
      throw error;
    }
  }

  get budgets(): Budgets {
    return this.#budgets;
  }

  /** In words for a person. */
  describe(): { readonly solver: string; readonly provider: string; readonly budgets: string } {
    return {
      solver: describeSolver(this.host.settings),
      provider: describeRuntime(this.host.runtime),
      budgets: describeBudgets(this.#budgets),
    };
  }

  /** Looks at observations from now on. */
  resume(): void {
    this.transport.resume();
  }

  /** A new episode begins: history and plan are void. */
  begin(): void {
    this.transport.begin();
  }

  /** Brings the robot to a controlled stop; settles once it stands, or when that cannot be waited for. Never rejects. */
  async halt(why: string): Promise<void> {
    this.#node.halt(why);
    const began = monotonicMs();
    let at = this.clock.now();
    let movedAt = began;
    while (!this.#node.isSilent) {
      await sleep(LOOK_MS);
      const wall = monotonicMs();
      if (this.clock.now() !== at) movedAt = wall;
      at = this.clock.now();
      // A simulation that stands still must not keep the node from being deactivated.
      if (wall - movedAt > STANDSTILL_MS || wall - began > LONGEST_STOP_MS) return;
    }
  }

  /** After a stop: nothing goes in or out until {@link resume}. */
  pause(): void {
    this.transport.pause();
    this.#node.resume();
  }

  /**
   * Takes over budgets and solver of a launch that has been checked.
   *
   * @throws ConfigurationError when the policy cannot be solved like that; nothing has changed then.
   */
  adjust({ budgets, solver }: Pick<Launch, "budgets" | "solver">): void {
    const resolved = resolveBudgets(budgets, this.bundle.manifest, this.plan);
    this.#node.adjust(resolved, solver);
    this.#budgets = resolved;
  }

  async close(): Promise<void> {
    await this.#node.close();
    await this.#closeClock();
  }
}
