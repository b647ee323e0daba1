import type { LoopEvent, SolveEvent, TickRecord } from "../telemetry/loop-event.js";
import { type ActionBounds, faultOf } from "./action-check.js";
import { culpritOf, type Suspect } from "./culprit.js";
import { enterTick } from "./enter-tick.js";
import { Histogram } from "./histogram.js";
import { type Pause, totalOf } from "./pause-watch.js";
import { type ProfilePlots, profilePlots } from "./profile-plots-data.js";
import type { ProfileContext, ProfileResult } from "./profile-result.js";
import { RobotProfile } from "./robot-profile.js";
import { SOLVE_STAGES } from "./stage.js";
import { StageHistograms } from "./stage-histograms.js";
import { begunAt, ladderOf, missedRows, slowestTicks, tally } from "./tick-figures.js";
import { TickTable } from "./tick-table.js";

const WORST = 20;
const UNSAFE_SHOWN = 20;

export interface ProfileSettings extends ActionBounds {
  /** The control period in milliseconds. */
  readonly tickMs: number;
  /** So many ticks at the start count for no statistic. */
  readonly warmupTicks: number;
}

/**
 * Watches a control loop and says where its time goes. Cheap enough to run on the control thread: a tick costs it some
 * microseconds and 160 bytes.
 *
 * ```ts
 * const profile = new Profile({ tickMs: 100, warmupTicks: 10, limits: manifest.action, maxObservationAgeMs: 150 });
 * for (const event of events) profile.watch(event);
 * profile.finish({ score: null, settings: {}, eventLoop: null }).end_to_end_ms.p99; // 23.4
 * ```
 */
export class Profile {
  readonly #settings: ProfileSettings;
  readonly #ticks = new TickTable();
  readonly #stages = new StageHistograms();
  readonly #corrected = new Histogram();
  readonly #uncorrected = new Histogram();
  readonly #overhead = new Histogram();
  readonly #overheadByCause = new Map<TickRecord["trigger"], Histogram>();
  readonly #alarms = new Histogram();
  readonly #robots = new Map<string, RobotProfile>();
  readonly #robotNames: string[] = [];
  readonly #pauses: Pause[] = [];
  readonly #culprits = new Map<number, "worker" | "observation">();
  readonly #unsafe: string[] = [];
  readonly #refused: Record<string, number> = {};
  readonly #paces = { paced: false, once: false };
  readonly #recordOmitted = (ms: number) => this.#corrected.record(ms);
  #seen = 0;
  #silent = 0;
  #unsafeActions = 0;
  #omitted = 0;
  #workersLost = 0;
  #isWorkerLost = false;

  constructor(settings: ProfileSettings) {
    this.#settings = settings;
  }

  /** Ticks that count by now: so that a run of so many can be ended. */
  get ticks(): number {
    return this.#ticks.length;
  }

  /** Never throws. */
  watch(event: LoopEvent): void {
    switch (event.kind) {
      case "joined":
      case "left":
        this.#robots.delete(event.robot);
        return;
      case "observation":
        this.#robot(event.robot).observed(event);
        return;
      case "order":
        this.#robot(event.robot).ordered(event, this.#isWarmedUp);
        return;
      case "solve":
        this.#solved(event);
        return;
      case "alarm":
        this.#robot(event.robot).alarmMs = event.at - event.due;
        if (this.#isWarmedUp) this.#alarms.record(event.at - event.due);
        return;
      case "tick":
        this.#acted(event);
        return;
      case "refused":
        this.#refused[event.reason] = (this.#refused[event.reason] ?? 0) + 1;
        return;
      case "worker":
        if (event.state === "lost") this.#workersLost += 1;
        else if (this.#isWorkerLost) for (const robot of this.#robots.values()) robot.workerReplaced();
        this.#isWorkerLost = event.state === "lost";
        return;
    }
  }

  /** The runtime paused the control thread: {@link PauseWatch} tells. */
  paused(pause: Pause): void {
    this.#pauses.push(pause);
  }

  finish({ score, settings, eventLoop }: ProfileContext): ProfileResult {
    const begun = begunAt(this.#ticks);
    const pauses = this.#pauses.filter(({ at, ms }) => at + ms > begun);
    const culprits = this.#missed(pauses);
    const share = (q: number) => Number((this.#overhead.quantile(q) / this.#settings.tickMs).toPrecision(4));
    return {
      ticks: this.#ticks.length,
      warmup_ticks: this.#seen - this.#ticks.length,
      tick_ms: this.#settings.tickMs,
      silent_ticks: this.#silent,
      missed: culprits.size,
      unsafe_actions: this.#unsafeActions,
      unsafe: this.#unsafe,
      ladder: ladderOf(this.#ticks),
      overhead_us: this.#overhead.spread(1000),
      overhead_by_cause_us: Object.fromEntries(
        [...this.#overheadByCause].map(([trigger, histogram]) => [trigger, histogram.spread(1000)]),
      ),
      overhead_share: { p50: share(0.5), p99: share(0.99) },
      end_to_end_ms: this.#corrected.spread(),
      end_to_end_uncorrected_ms: this.#uncorrected.spread(),
      omitted_ticks: this.#omitted,
      pace: this.#pace(),
      alarm_late_us: this.#alarms.spread(1000),
      stages: this.#stages.spreads(),
      culprits: tally(culprits.values()),
      worst: slowestTicks(this.#ticks, WORST, this.#robotNames, culprits),
      refused: this.#refused,
      workers_lost: this.#workersLost,
      gc: totalOf(pauses),
      event_loop: eventLoop,
      settings,
      score,
    };
  }

  /** What the profile's page draws. */
  plots(): ProfilePlots {
    return profilePlots(this.#ticks, {
      endToEnd: this.#corrected,
      uncorrected: this.#uncorrected,
      overhead: this.#overhead,
    });
  }

  get #isWarmedUp(): boolean {
    return this.#seen >= this.#settings.warmupTicks;
  }

  #robot(name: string): RobotProfile {
    let robot = this.#robots.get(name);
    if (!robot) {
      robot = new RobotProfile(this.#robotNames.push(name) - 1, this.#settings.tickMs);
      this.#robots.set(name, robot);
    }
    return robot;
  }

  #solved({ robot: name, order, result }: SolveEvent): void {
    const robot = this.#robot(name);
    const isFailed = result.outcome === "worker-failed";
    robot.lostItsSolve = isFailed;
    for (const row of robot.solved(order)) {
      if (isFailed) this.#culprits.set(row, "worker");
      for (const stage of SOLVE_STAGES) this.#ticks.set(row, stage, result.timings[stage]);
    }
    // A lost worker leaves no timings.
    if (robot.counts(order) && !isFailed) this.#stages.recordSolve(result.timings);
  }

  #acted(tick: TickRecord): void {
    const robot = this.#robot(tick.robot);
    this.#silent += robot.steps.acted(tick.episode, tick.step);
    this.#check(tick);
    if (tick.id !== null) this.#paces[robot.isPaced ? "paced" : "once"] = true;
    const isWarmUp = !this.#isWarmedUp || robot.isWarming(tick);
    const omitted = robot.omitted(tick, isWarmUp ? ignore : this.#recordOmitted);
    const { alarmMs } = robot;
    robot.alarmMs = Number.NaN;
    this.#seen += 1;
    if (isWarmUp) return;
    this.#omitted += omitted;
    this.#corrected.record(tick.endToEndMs);
    this.#uncorrected.record(tick.endToEndMs);
    this.#overhead.record(tick.overheadMs);
    this.#overheadOf(tick.trigger).record(tick.overheadMs);
    this.#stages.recordTick(tick.stages);
    const row = enterTick(this.#ticks, tick, robot.index, alarmMs);
    if (!tick.missed) return;
    if (robot.waits(row)) return;
    if (tick.trigger === "clock") this.#culprits.set(row, "observation");
    else if (robot.lostItsSolve) this.#culprits.set(row, "worker");
  }

  #overheadOf(trigger: TickRecord["trigger"]): Histogram {
    const histogram = this.#overheadByCause.get(trigger) ?? new Histogram();
    this.#overheadByCause.set(trigger, histogram);
    return histogram;
  }

  #check(tick: TickRecord): void {
    const fault = faultOf(tick, this.#settings);
    if (fault === undefined) return;
    this.#unsafeActions += 1;
    if (this.#unsafe.length < UNSAFE_SHOWN) {
      this.#unsafe.push(`${tick.robot}, episode ${tick.episode}, step ${tick.step}: ${fault}`);
    }
  }

  #missed(pauses: readonly Pause[]): Map<number, string> {
    const median = (stage: Suspect) =>
      stage === "alarm" ? this.#alarms.quantile(0.5) : this.#stages.median(stage);
    const culprit = (row: number) => this.#culprits.get(row) ?? culpritOf(this.#ticks, row, median, pauses);
    return new Map(missedRows(this.#ticks).map((row) => [row, culprit(row)]));
  }

  #pace(): ProfileResult["pace"] {
    const { paced, once } = this.#paces;
    if (paced && once) return "both";
    return paced ? "paced" : once ? "lock-step" : "none";
  }
}

function ignore(): void {}
