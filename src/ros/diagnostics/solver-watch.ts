import type { Budgets } from "../../control/budgets.js";
import { isSolved } from "../../inference/tick.js";
import type { LoopEvent, SolveEvent } from "../../telemetry/loop-event.js";
import { mean, quantile } from "../../telemetry/statistics.js";
import { type Complaint, duration, type Finding, judge, LEVEL } from "./diagnostic-status.js";
import { WINDOW_MS } from "./loop-watch.js";
import { Recent } from "./recent.js";

/** How chunks are solved at present, in words for a person. */
export interface SolverSetup {
  /** See `describeSolver`. */
  readonly solver: string;
  /** See `describeRuntime`. */
  readonly provider: string;
}

type Ending =
  | { readonly end: "accepted"; readonly sweeps: number; readonly evaluations: number; readonly ms: number }
  | { readonly end: "cut" }
  | { readonly end: "failed"; readonly message: string };

/** What the solver and its worker do, for /diagnostics. */
export class SolverWatch {
  readonly #endings = new Recent<Ending>(WINDOW_MS);
  /** Orders under way that are only a start for another: how they end is nobody's deadline. */
  readonly #predicted = new Set<number>();
  #residual = Number.NaN;
  #worker: { readonly state: "lost" | "ready"; readonly message: string; readonly at: number } | undefined;
  #losses = 0;

  watch(event: LoopEvent): void {
    switch (event.kind) {
      case "order":
        if (event.isPredicted) this.#predicted.add(event.order);
        return;
      case "solve":
        this.#solved(event);
        return;
      case "candidate":
        if (!this.#predicted.has(event.order)) this.#endings.add(event.at, { end: "cut" });
        return;
      case "worker":
        this.#worker = event;
        if (event.state === "lost") this.#losses += 1;
    }
  }

  /** Another policy is loaded, or none. */
  clear(): void {
    this.#endings.clear();
    this.#predicted.clear();
    this.#residual = Number.NaN;
    this.#worker = undefined;
  }

  finding(
    now: number,
    { solver, provider }: SolverSetup,
    { solve: budget }: Pick<Budgets, "solve">,
  ): Finding {
    const endings = this.#endings.values(now);
    const solves = endings.filter((ending) => ending.end === "accepted");
    const cut = endings.filter(({ end }) => end === "cut").length;
    const failures = endings.filter((ending) => ending.end === "failed");
    const times = solves.map(({ ms }) => ms);
    const complaints: Complaint[] = [...this.#trouble(now)];
    const allowed = budget === null ? "off" : duration(budget);
    if (cut > 0) {
      const text = `${cut} of ${endings.length} solves were cut short by budgets.solve (${allowed}) within 10 s`;
      complaints.push({ level: LEVEL.warn, text });
    }
    const newest = failures.at(-1);
    if (newest && this.#worker?.state !== "lost") {
      complaints.push({
        level: LEVEL.error,
        text: `${failures.length} of ${endings.length} solves failed within 10 s: ${newest.message}`,
      });
    }
    const sweeps = mean(solves.map((ending) => ending.sweeps));
    const fine =
      solves.length > 0
        ? `${sweeps.toFixed(1)} sweeps, ${duration(quantile(times, 0.5))}`
        : "ready, nothing solved within 10 s";
    return {
      ...judge(complaints, fine),
      values: [
        ["solver", solver],
        ["provider", provider],
        ["worker", this.#worker?.state ?? "ready"],
        ["worker losses", `${this.#losses}`],
        ["solves accepted within 10 s", `${solves.length}`],
        ["solves cut short within 10 s", `${cut}`],
        ["solves failed within 10 s", `${failures.length}`],
        ["sweeps, mean", figure(sweeps, 1)],
        ["network evaluations, mean", figure(mean(solves.map(({ evaluations }) => evaluations)), 0)],
        ["residual", Number.isNaN(this.#residual) ? "–" : this.#residual.toPrecision(2)],
        ["solve time, median", duration(quantile(times, 0.5))],
        ["solve time, longest", duration(quantile(times, 1))],
        ["solve budget", allowed],
      ],
    };
  }

  #trouble(now: number): Complaint[] {
    if (!this.#worker) return [];
    const { state, message, at } = this.#worker;
    if (state === "lost") {
      const text = `the inference worker was lost ${duration(now - at)} ago and is being replaced: ${message}`;
      return [{ level: LEVEL.error, text }];
    }
    return now - at < WINDOW_MS ? [{ level: LEVEL.warn, text: message }] : [];
  }

  #solved({ at, order, result }: SolveEvent): void {
    if (this.#predicted.delete(order)) return;
    if (isSolved(result)) {
      const { timings, sweeps, evaluations, residual } = result;
      const ms = timings.normalise + timings.solve + timings.denormalise;
      this.#residual = residual;
      this.#endings.add(at, { end: "accepted", sweeps, evaluations, ms });
    } else if (result.outcome !== "stopped") {
      this.#endings.add(at, { end: "failed", message: result.message });
    }
  }
}

function figure(value: number, digits: number): string {
  return Number.isNaN(value) ? "–" : value.toFixed(digits);
}
