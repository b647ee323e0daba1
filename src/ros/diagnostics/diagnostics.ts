import type { Budgets } from "../../control/budgets.js";
import type { LoopEvent } from "../../telemetry/loop-event.js";
import type { ClockHealth, LifecycleState, TransportHealth } from "../health.js";
import type { Stamp } from "../stamp.js";
import { clockFinding } from "./clock.js";
import { type DiagnosticArray, type Finding, LEVEL, statusOf } from "./diagnostic-status.js";
import { LoopWatch } from "./loop-watch.js";
import { observationsFinding } from "./observations.js";
import { type SolverSetup, SolverWatch } from "./solver-watch.js";

/** What is known of a node when it reports. */
export interface Condition {
  readonly state: LifecycleState;
  /** Time of the loop's events, ms. */
  readonly now: number;
  readonly stamp: Stamp;
  /** From configuring on. */
  readonly setup?: SolverSetup & { readonly policy: string; readonly budgets: Budgets };
  readonly transport?: TransportHealth;
  /** Under use_sim_time. */
  readonly clock?: ClockHealth;
}

/**
 * What /diagnostics says of a node, once a second: its loop, its solver, its observations and, under use_sim_time, its
 * clock. Each is OK with its figures, or says what is wrong and what to do about it.
 *
 * ```ts
 * const diagnostics = new Diagnostics("parapilot");
 * new ControlNode(transport, host, { clock, budgets, plan, watch: (event) => diagnostics.watch(event) });
 * setInterval(() => publisher.publish(diagnostics.report({ state, now: clock.now(), stamp, setup, transport })), 1000);
 * ```
 */
export class Diagnostics {
  readonly #node: string;
  readonly #loop = new LoopWatch();
  readonly #solver = new SolverWatch();
  #activeSince: number | undefined;

  /** @param node its name as `ros2 lifecycle` takes it, with which those of its parts begin. */
  constructor(node: string) {
    this.#node = node;
  }

  watch(event: LoopEvent): void {
    this.#loop.watch(event);
    this.#solver.watch(event);
  }

  report(condition: Condition): DiagnosticArray {
    const { stamp, setup } = condition;
    const parts = this.#parts(condition);
    const status = Object.entries(parts).map(([part, finding]) =>
      statusOf(`${this.#node}: ${part}`, setup?.policy ?? "", finding),
    );
    return { header: { stamp, frame_id: "" }, status };
  }

  #parts(condition: Condition): Readonly<Record<string, Finding>> {
    const { state, now, setup, transport, clock } = condition;
    const time = clock ? { time: clockFinding(clock) } : {};
    const idle = idleFinding(state, this.#node);
    if (!setup) this.#solver.clear();
    const solver = setup ? this.#solver.finding(now, setup, setup.budgets) : idle;
    if (state !== "active" || !setup || !transport) {
      if (this.#activeSince !== undefined) this.#loop.clear();
      this.#activeSince = undefined;
      return { loop: idle, solver, observations: idle, ...time };
    }
    this.#activeSince ??= now;
    const observations = observationsFinding(transport);
    const loop = this.#loop.finding(now, this.#activeSince, setup.budgets);
    return { loop: because(loop, observations), solver, observations, ...time };
  }
}

/** A silent loop is one whose observations are out, if they are. */
function because(loop: Finding, observations: Finding): Finding {
  if (loop.level !== LEVEL.stale || observations.level < LEVEL.error) return loop;
  return { ...loop, message: `${loop.message}; ${observations.message}` };
}

function idleFinding(state: LifecycleState, node: string): Finding {
  const remedy = {
    unconfigured: `: no policy is loaded; ros2 lifecycle set ${node} configure`,
    inactive: `: observations are not looked at; ros2 lifecycle set ${node} activate`,
    active: "",
    finalized: ": shut down",
  }[state];
  return { level: LEVEL.ok, message: `${state}${remedy}`, values: [["state", state]] };
}
