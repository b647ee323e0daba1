import { collectDefaultMetrics, Registry } from "prom-client";
import type { LoopEvent } from "./loop-event.js";
import { metricFamilies, RobotSeries } from "./metric-series.js";

/** Every label value is memory for ever, here and in Prometheus. */
const MOST_ROBOTS = 16;
const MOST_REASONS = 32;
const OTHER = "other";

/**
 * The node's figures for Prometheus, all named `parapilot_…`, with the process's own (memory, event-loop lag) beside
 * them. Series of a robot that left are removed; beyond 16 robots at once the others share the label `other`.
 *
 * @example
 * const metrics = new Metrics();
 * metrics.watch(event);
 * await metrics.text(); // "# HELP parapilot_ticks_total …"
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #families = metricFamilies(this.#registry);
  readonly #robots = new Map<string, RobotSeries>();
  readonly #reasons = new Set<string>();
  readonly #dropped = new Map<string, number>();
  #others: RobotSeries | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry, prefix: "parapilot_" });
  }

  /** For the HTTP header. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  watch(event: LoopEvent): void {
    switch (event.kind) {
      case "joined":
        this.#of(event.robot);
        return;
      case "left":
        this.#robots.get(event.robot)?.remove();
        this.#robots.delete(event.robot);
        return;
      case "observation":
        this.#of(event.robot).observed(event);
        return;
      case "order":
        this.#of(event.robot).orders[event.isPredicted ? "predicted" : "observed"].inc();
        return;
      case "solve":
        // May come after its robot left, whose series it must not bring back.
        (this.#robots.get(event.robot) ?? this.#others)?.solved(event);
        return;
      case "tick":
        this.#of(event.robot).ticked(event);
        return;
      case "refused":
        this.#families.refusals.inc({ reason: this.#reason(event.reason) });
        return;
      case "worker":
        if (event.state === "lost") this.#families.workerLosses.inc();
    }
  }

  /** What a bounded queue has thrown away since the start, for example `dropped("recorder", 12)`. */
  dropped(by: "recorder" | "view", total: number): void {
    this.#families.dropped.inc({ by }, Math.max(0, total - (this.#dropped.get(by) ?? 0)));
    this.#dropped.set(by, total);
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #of(robot: string): RobotSeries {
    const known = this.#robots.get(robot);
    if (known) return known;
    if (this.#robots.size >= MOST_ROBOTS) {
      this.#others ??= new RobotSeries(this.#families, OTHER);
      return this.#others;
    }
    const series = new RobotSeries(this.#families, robot);
    this.#robots.set(robot, series);
    return series;
  }

  #reason(reason: string): string {
    if (!this.#reasons.has(reason) && this.#reasons.size >= MOST_REASONS) return OTHER;
    this.#reasons.add(reason);
    return reason;
  }
}
