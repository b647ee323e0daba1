import { playEpisode, type StepEvent } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import type { World } from "../../sim/world.js";
import { type BudgetSettings, resolveBudgets } from "../control/budgets.js";
import { ControlNode } from "../control/node.js";
import { MAX_ROBOTS } from "../control/peers.js";
import { type PlanSettingsInput, planSettingsSchema, resolvePlanSettings } from "../control/plan-settings.js";
import { InferenceHost } from "../inference/host.js";
import { Rendezvous } from "../inference/joint/rendezvous.js";
import type { WantedRuntime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import { ConfigurationError, checked } from "../policy/errors.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { mean } from "../telemetry/statistics.js";
import { monotonicMs } from "../time/clock.js";
import { MonotonicClock } from "../time/monotonic-clock.js";
import { memoryTransport } from "../transport/memory.js";
import type { ClientTransport } from "../transport/transport.js";

/** A slow network must not end an evaluation. */
const PATIENCE_MS = 600_000;

export interface ClosedLoop {
  readonly solver: SolverOptions;
  readonly runtime: WantedRuntime;
  readonly episodes: number;
  /** Of the first episode; the next ones count up. */
  readonly seed: number;
  readonly budgets?: BudgetSettings;
  readonly plan?: Partial<PlanSettingsInput>;
  readonly watch?: (event: LoopEvent) => void;
}

/** What was played. */
export interface Played {
  readonly records: readonly EpisodeRecord[];
  /** Of the episodes alone: the network was loaded before. */
  readonly wallMs: number;
  /** As it was: it is closed. */
  readonly host: InferenceHost;
}

/**
 * Plays worlds in one process and in lock-step, through the same node that serves a robot. Several of them play as many
 * episodes at a time, and their chunks are solved together; which episode is played in which of them tells in nothing.
 *
 * @param worlds of the same task.
 * @param progress told in words, at every control step.
 * @throws ConfigurationError when several worlds are to keep a solve budget, or the network takes one observation only.
 */
export async function playClosedLoop(
  worlds: readonly World[],
  bundle: Bundle,
  {
    solver,
    runtime,
    episodes,
    seed,
    budgets: budgetSettings = {},
    plan: planSettings = {},
    watch,
  }: ClosedLoop,
  progress: (what: string) => void,
): Promise<Played> {
  const plan = resolvePlanSettings(checked(planSettingsSchema, planSettings), bundle.manifest);
  const budgets = resolveBudgets(budgetSettings, bundle.manifest, plan);
  const playing = worlds.slice(0, episodes);
  const together = playing.length;
  if (together > 1 && budgets.solve !== null) {
    throw new ConfigurationError(
      `a solve budget is for one chunk, and those of ${together} worlds are solved together: play one world at a time, or without`,
    );
  }
  const host = await InferenceHost.start(bundle, { runtime, solver, together });
  const rendezvous = new Rendezvous(host);
  const { node: transport, connect } = memoryTransport();
  const clock = new MonotonicClock();
  const mostRobots = Math.max(MAX_ROBOTS, together);
  const options = { clock, budgets, plan, mostRobots, ...(watch ? { watch } : {}) };
  const node = new ControlNode(transport, rendezvous, options);
  node.start();
  const records: EpisodeRecord[] = [];
  const series = { records, next: 0, episodes, seed, failure: new AbortController(), progress };
  try {
    for (const _ of playing) rendezvous.join();
    const began = monotonicMs();
    const ended = await Promise.allSettled(
      playing.map((world) => playNext(world, connect(), series).finally(() => rendezvous.leave())),
    );
    const wallMs = monotonicMs() - began;
    const failed = ended.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    return { records, wallMs, host };
  } finally {
    await node.close();
    await clock.close();
  }
}

/** Episodes that several worlds play between them. */
interface Series extends Pick<ClosedLoop, "episodes" | "seed"> {
  readonly records: EpisodeRecord[];
  /** The first one that nobody has begun. */
  next: number;
  /** Ends the others when one of them fails. */
  readonly failure: AbortController;
  readonly progress: (what: string) => void;
}

/** Plays one episode after the other until all have been begun. */
async function playNext(world: World, transport: ClientTransport, series: Series): Promise<void> {
  const { records, episodes, seed, failure, progress } = series;
  const patience = { patienceMs: PATIENCE_MS, repeatMs: PATIENCE_MS };
  const client = new PolicyClient(transport, "this process", patience);
  try {
    const policy = await client.describe();
    for (let k = series.next++; k < episodes && !failure.signal.aborted; k = series.next++) {
      records[k] = await playEpisode(world, client, {
        seed: seed + k,
        episode: seed + k,
        policy,
        pace: "lock-step",
        signal: failure.signal,
        onStep: (event) => progress(describe(event, k, records, episodes)),
      });
    }
  } catch (error) {
    failure.abort();
    throw error;
  } finally {
    await client.close();
  }
}

function describe(
  { step, progress, tick }: StepEvent,
  episode: number,
  records: readonly EpisodeRecord[],
  all: number,
): string {
  // Those that are still being played have none.
  const done = records.filter(Boolean);
  return (
    `episode ${episode + 1}/${all}  step ${step}  progress ${progress.toFixed(2)}` +
    `  sweeps ${tick?.sweeps ?? 0}  solve ${tick?.solveMs.toFixed(0) ?? 0} ms` +
    (done.length ? `  mean score ${mean(done.map(({ score }) => score)).toFixed(3)}` : "")
  );
}
