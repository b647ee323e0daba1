import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { type ObservationEvent, RUNGS, type Rung, type SolveEvent, type TickRecord } from "./loop-event.js";
import { StepCount } from "./step-count.js";

const OUTCOMES: readonly SolveEvent["result"]["outcome"][] = [
  "accepted",
  "stopped",
  "not-finite",
  "worker-failed",
];
const PERIOD_BUCKETS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2,
];
const SWEEP_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1];
const OVERHEAD_BUCKETS = [0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1];

type Families = ReturnType<typeof metricFamilies>;

/** All metrics that the loop's events feed. */
export function metricFamilies(registry: Registry) {
  const common = (name: string, help: string, labelNames: string[]) => ({
    name: `parapilot_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const counter = (name: string, help: string, ...labels: string[]) =>
    new Counter(common(name, help, labels));
  const gauge = (name: string, help: string) => new Gauge(common(name, help, ["robot"]));
  const seconds = (name: string, help: string, buckets: number[]) =>
    new Histogram({ ...common(name, help, ["robot"]), buckets });
  return {
    ticks: counter("ticks_total", "Actions that went out, by rung of the ladder", "robot", "rung"),
    missed: counter("missed_total", "Ticks by which a solve was due that did not make it", "robot"),
    silent: counter("silent_total", "Control steps for which no action went out", "robot"),
    orders: counter(
      "orders_total",
      "Chunks asked of the inference worker, by what they answer",
      "robot",
      "for",
    ),
    solves: counter("solves_total", "Solves that came to their end, by outcome", "robot", "outcome"),
    refusals: counter("refusals_total", "Refused messages, by reason", "reason"),
    workerLosses: counter("worker_losses_total", "Times that the inference worker was lost"),
    dropped: counter("dropped_total", "Events that a bounded queue threw away, by whose queue", "by"),
    endToEnd: seconds(
      "end_to_end_seconds",
      "From the observation's stamp, or the alarm, to the action's being out",
      PERIOD_BUCKETS,
    ),
    overhead: seconds(
      "overhead_seconds",
      "Of a tick, all that is neither the network nor a wait that the budgets ask for",
      OVERHEAD_BUCKETS,
    ),
    solve: seconds("solve_seconds", "Time of a solve in the inference worker", PERIOD_BUCKETS),
    sweep: seconds("sweep_seconds", "Time of one sweep of a solve", SWEEP_BUCKETS),
    residual: gauge("residual", "Residual of the chunk in execution, normalised action units"),
    age: gauge("observation_age_seconds", "Age of the observation behind the newest action"),
    rung: gauge("rung", "Where the newest action comes from: 0 fresh, 1 iterate, 2 rest, 3 hold, 4 stop"),
  };
}

type Labels = Record<string, string>;

interface Family<C> {
  labels(labels: Labels): C;
  remove(labels: Labels): void;
}

/** One robot's series, looked up once: at each tick only numbers change. */
export class RobotSeries {
  readonly orders;
  readonly #ticks;
  readonly #solves;
  readonly #plain;
  readonly #removals: (() => void)[] = [];
  readonly #steps = new StepCount();

  constructor(families: Families, robot: string) {
    const child = <C>(family: Family<C>, more: Labels = {}): C => {
      const labels = { robot, ...more };
      this.#removals.push(() => family.remove(labels));
      return family.labels(labels);
    };
    const count = (family: Counter, more: Labels = {}) => {
      const series = child(family, more);
      // A rate can only be computed of a counter that was there, at 0, before its first event.
      series.inc(0);
      return series;
    };
    const each = <K extends string>(family: Counter, label: string, values: readonly K[]) =>
      Object.fromEntries(values.map((value) => [value, count(family, { [label]: value })])) as Record<
        K,
        Counter.Internal
      >;
    this.#ticks = each<Rung>(families.ticks, "rung", RUNGS);
    this.#solves = each(families.solves, "outcome", OUTCOMES);
    this.orders = each(families.orders, "for", ["observed", "predicted"]);
    this.#plain = {
      missed: count(families.missed),
      silent: count(families.silent),
      endToEnd: child(families.endToEnd),
      overhead: child(families.overhead),
      solve: child(families.solve),
      sweep: child(families.sweep),
      residual: child(families.residual),
      age: child(families.age),
      rung: child(families.rung),
    };
  }

  observed({ episode, step, reply }: ObservationEvent): void {
    this.#steps.observed(episode, step, reply !== "none");
  }

  ticked(tick: TickRecord): void {
    const { missed, silent, endToEnd, overhead, residual, age, rung } = this.#plain;
    this.#ticks[tick.rung].inc();
    if (tick.missed) missed.inc();
    silent.inc(this.#steps.acted(tick.episode, tick.step));
    observe(endToEnd, tick.endToEndMs);
    observe(overhead, tick.overheadMs);
    rung.set(RUNGS.indexOf(tick.rung));
    if (!tick.plan) return;
    residual.set(tick.plan.residual);
    age.set(tick.plan.ageMs / 1000);
  }

  solved({ result }: SolveEvent): void {
    this.#solves[result.outcome].inc();
    if (result.outcome === "worker-failed") return;
    observe(this.#plain.solve, result.timings.solve);
    for (const ms of result.timings.sweeps) observe(this.#plain.sweep, ms);
  }

  remove(): void {
    for (const remove of this.#removals) remove();
  }
}

/** One NaN would spoil the sum for ever. */
function observe(histogram: Histogram.Internal<string>, milliseconds: number): void {
  if (Number.isFinite(milliseconds)) histogram.observe(milliseconds / 1000);
}
