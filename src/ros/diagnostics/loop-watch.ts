import type { Budgets } from "../../control/budgets.js";
import type { LoopEvent, Rung, TickRecord } from "../../telemetry/loop-event.js";
import { quantile } from "../../telemetry/statistics.js";
import { StepCount } from "../../telemetry/step-count.js";
import {
  type Complaint,
  duration,
  type Finding,
  hertz,
  judge,
  LEVEL,
  type Level,
} from "./diagnostic-status.js";
import { Recent } from "./recent.js";

/** Figures are of the latest stretch of so long, ms; the rate is that of the last second. */
export const WINDOW_MS = 10_000;
const SECOND_MS = 1000;

/** Share of the policy's rate below which a loop is slow: a second may begin and end between two ticks. */
const SLOW = 0.8;

interface Tick {
  readonly isMissed: boolean;
  readonly silent: number;
  readonly endToEndMs: number;
  readonly overheadMs: number;
  readonly planAgeMs: number;
}

/** What the control loop does, for /diagnostics. */
export class LoopWatch {
  readonly #ticks = new Recent<Tick>(WINDOW_MS);
  readonly #steps = new StepCount();
  readonly #totals = { missed: 0, silent: 0 };
  #rung: { readonly rung: Rung; readonly since: number } | undefined;
  #last: TickRecord | undefined;
  #firstAt = 0;
  #isPaced = true;
  /** It was told to stop. */
  #isHalted = false;

  watch(event: LoopEvent): void {
    if (event.kind === "tick") this.#ticked(event);
    else if (event.kind === "halt") this.#isHalted = true;
    else if (event.kind === "observation") {
      this.#isPaced = event.reply === "paced";
      this.#steps.observed(event.episode, event.step, event.reply !== "none");
    }
  }

  /** The loop runs anew; what it did before is no news of it. */
  clear(): void {
    this.#ticks.clear();
    this.#rung = undefined;
    this.#last = undefined;
    this.#isHalted = false;
  }

  /** @param since when the node was activated. */
  finding(now: number, since: number, budgets: Budgets): Finding {
    const ticks = this.#ticks.values(now);
    const { tick: period, maxObservationAge } = budgets;
    // Slower than a hertz or so, no second is like another.
    const spanMs = Math.max(SECOND_MS, 3 * period);
    const rate = (1000 * this.#ticks.values(now, spanMs).length) / spanMs;
    const missed = ticks.filter(({ isMissed }) => isMissed).length;
    const silent = ticks.reduce((sum, tick) => sum + tick.silent, 0);
    const silentMs = now - (this.#last?.at ?? since);
    const complaints: Complaint[] = [];
    const warn = (text: string) => complaints.push({ level: LEVEL.warn, text });
    if (silentMs > spanMs)
      complaints.push({ level: LEVEL.stale, text: `no action for ${duration(silentMs)}` });
    else if (this.#isPaced && this.#last && now - this.#firstAt > spanMs && rate < (SLOW * 1000) / period) {
      warn(`${hertz(rate)} instead of ${hertz(1000 / period)}`);
    }
    complaints.push(...this.#ladder(now));
    if (missed > 0) warn(`${missed} of ${ticks.length} actions missed their deadline within 10 s`);
    if (silent > 0) warn(`no action in ${silent} ${silent === 1 ? "step" : "steps"} within 10 s`);
    const spread = (name: string, of: number[]): [string, string][] => [
      [`${name}, median`, duration(quantile(of, 0.5))],
      [`${name}, longest`, duration(quantile(of, 1))],
    ];
    return {
      ...judge(complaints, `fresh chunks, ${hertz(rate)}`),
      values: [
        ["state", "active"],
        ["tick rate", hertz(rate)],
        ["tick rate of the policy", hertz(1000 / period)],
        ["rung", this.#rung?.rung ?? "none yet"],
        ["rung held for", duration(this.#rung && now - this.#rung.since)],
        ["reason", this.#last?.reason ?? ""],
        ["deadline misses within 10 s", `${missed} of ${ticks.length}`],
        ["deadline misses", `${this.#totals.missed}`],
        ["steps without an action within 10 s", `${silent}`],
        ["steps without an action", `${this.#totals.silent}`],
        ...spread(
          "observation to action",
          ticks.map(({ endToEndMs }) => endToEndMs),
        ),
        ...spread(
          "overhead",
          ticks.map(({ overheadMs }) => overheadMs),
        ),
        [
          "oldest observation acted on",
          duration(
            quantile(
              ticks.map(({ planAgeMs }) => planAgeMs),
              1,
            ),
          ),
        ],
        ["oldest observation allowed", maxObservationAge === null ? "any" : duration(maxObservationAge)],
        ["episode", `${this.#last?.episode ?? "–"}`],
        ["step", `${this.#last?.step ?? "–"}`],
      ],
    };
  }

  #ladder(now: number): Complaint[] {
    if (!this.#rung || !this.#last || this.#rung.rung === "fresh") return [];
    const { rung, since } = this.#rung;
    const { missed, reason } = this.#last;
    return [{ level: this.#levelOf(rung, missed), text: `${rung} for ${duration(now - since)}: ${reason}` }];
  }

  #levelOf(rung: Rung, isMissed: boolean): Level {
    if (rung === "stop") return this.#isHalted ? LEVEL.ok : LEVEL.error;
    // A robot that waits for the first chunk of its episode is held, and misses nothing.
    return rung === "hold" && isMissed ? LEVEL.error : LEVEL.warn;
  }

  #ticked(tick: TickRecord): void {
    const { at, rung, missed, episode, step, plan, endToEndMs, overheadMs } = tick;
    const silent = this.#steps.acted(episode, step);
    if (missed) this.#totals.missed += 1;
    this.#totals.silent += silent;
    if (!this.#last) this.#firstAt = at;
    if (this.#rung?.rung !== rung) this.#rung = { rung, since: at };
    this.#last = tick;
    const planAgeMs = plan?.ageMs ?? 0;
    this.#ticks.add(at, { isMissed: missed, silent, endToEndMs, overheadMs, planAgeMs });
  }
}
