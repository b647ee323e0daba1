import type { LoopEvent } from "../../telemetry/loop-event.js";
import { Diagnostics } from "../diagnostics/diagnostics.js";
import type { RosGraph, RosPublisher } from "../graph.js";
import type { LifecycleState } from "../health.js";
import { COMMAND_QOS, LATCHED_QOS } from "../qos.js";
import { QosWatch } from "../qos-watch.js";
import { msToStamp } from "../stamp.js";
import { eventLog } from "./event-log.js";
import type { LoadedPolicy } from "./loaded-policy.js";
import { Status } from "./status.js";

const SECOND_MS = 1000;

/** What a node says of itself: `~/status` at every change, `/diagnostics` every second, and its log. */
export class NodeReport {
  readonly #graph: RosGraph;
  readonly #diagnostics: Diagnostics;
  readonly #status: Status;
  readonly #topics: { readonly diagnostics: RosPublisher; readonly status: RosPublisher };
  readonly #log: (event: LoopEvent) => void;
  readonly #clock: NodeJS.Timeout;
  #state: LifecycleState = "unconfigured";
  #policy: LoadedPolicy | undefined;
  #qos: QosWatch | undefined;

  constructor(graph: RosGraph) {
    this.#graph = graph;
    // With its namespace: there may be one in each.
    const node = graph.name.slice(1);
    const topics = {
      diagnostics: graph.publisher("diagnostic_msgs/msg/DiagnosticArray", "/diagnostics", COMMAND_QOS),
      status: graph.publisher("diagnostic_msgs/msg/DiagnosticStatus", "~/status", LATCHED_QOS),
    };
    this.#topics = topics;
    this.#diagnostics = new Diagnostics(node);
    this.#status = new Status({
      node,
      now: () => graph.now(),
      publish: (message) => topics.status.publish(message),
    });
    this.#log = eventLog((level, text) => graph.log(level, text));
    this.#clock = setInterval(() => {
      try {
        this.#diagnose();
      } catch (error) {
        // Thrown out of a timer, it would end the process, and the policy with it.
        graph.log("error", `the diagnostics of this second failed: ${(error as Error).message}`);
      }
    }, SECOND_MS);
  }

  watch(event: LoopEvent): void {
    this.#diagnostics.watch(event);
    this.#status.watch(event);
    this.#log(event);
  }

  /** @param failure why a transition led here and not to where it was to lead, if it did. */
  lifecycle(state: LifecycleState, failure?: string): void {
    this.#state = state;
    this.#status.lifecycle(state, failure);
  }

  loaded(policy: LoadedPolicy): void {
    const graph = this.#graph;
    const { name } = policy.bundle.manifest;
    const { solver, provider, budgets } = policy.describe();
    graph.log("info", `policy ${name}: ${solver}; ${provider}; ${budgets}`);
    if (policy.host.plan) graph.log("info", `auto chose ${policy.host.plan.explanation}`);
    this.#policy = policy;
    this.#qos = new QosWatch(graph, policy.transport.watched(), ({ text, isOver }) =>
      graph.log(isOver ? "info" : "warn", `policy ${name}: ${text}`),
    );
    this.adjusted();
  }

  /** Budgets or solver were changed. */
  adjusted(): void {
    if (!this.#policy) return;
    const { solver, budgets } = this.#policy.describe();
    this.#status.settings(this.#policy.bundle.manifest.name, `${solver}; ${budgets}`);
  }

  unloaded(): void {
    this.#policy = undefined;
    this.#qos = undefined;
  }

  close(): void {
    clearInterval(this.#clock);
    for (const topic of Object.values(this.#topics)) topic.close();
  }

  #diagnose(): void {
    const policy = this.#policy;
    this.#qos?.poll();
    this.#topics.diagnostics.publish(
      this.#diagnostics.report({
        state: this.#state,
        now: policy?.clock.now() ?? 0,
        stamp: msToStamp(this.#graph.now()),
        ...(policy
          ? {
              setup: { ...policy.describe(), policy: policy.bundle.manifest.name, budgets: policy.budgets },
              transport: policy.transport.health(),
            }
          : {}),
        ...(policy?.time ? { clock: policy.time.health() } : {}),
      }),
    );
  }
}
