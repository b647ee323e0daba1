import { playEpisode, type StepEvent } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import type { World } from "../../sim/world.js";
import { type BudgetSettings, resolveBudgets } from "../control/budgets.js";
import { ControlNode } from "../control/node.js";
import { type PlanSettingsInput, planSettingsSchema, resolvePlanSettings } from "../control/plan-settings.js";
import { InferenceHost } from "../inference/host.js";
import type { WantedRuntime } from "../inference/runtime.js";
import type { SolverOptions } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import { checked } from "../policy/errors.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { mean } from "../telemetry/statistics.js";
import { MonotonicClock } from "../time/monotonic-clock.js";
import { memoryTransport } from "../transport/memory.js";

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

/**
 * Plays a world in one process and in lock-step, through the same node that serves a robot.
 *
 * @param progress told in words, at every control step.
 * @returns the episodes, and the host as it was: it is closed.
 */
export async function playClosedLoop(
  world: World,
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
): Promise<{ readonly records: readonly EpisodeRecord[]; readonly host: InferenceHost }> {
  const plan = resolvePlanSettings(checked(planSettingsSchema, planSettings), bundle.manifest);
  const budgets = resolveBudgets(budgetSettings, bundle.manifest, plan);
  const host = await InferenceHost.start(bundle, { runtime, solver });
  const { node: transport, connect } = memoryTransport();
  const clock = new MonotonicClock();
  const node = new ControlNode(transport, host, { clock, budgets, plan, ...(watch ? { watch } : {}) });
  node.start();
  const client = new PolicyClient(connect(), "this process", {
    patienceMs: PATIENCE_MS,
    repeatMs: PATIENCE_MS,
  });
  const records: EpisodeRecord[] = [];
  try {
    const policy = await client.describe();
    for (let k = 0; k < episodes; k++) {
      const options = { seed: seed + k, episode: seed + k, policy, pace: "lock-step" } as const;
      const onStep = (event: StepEvent) => progress(describe(event, records, episodes));
      records.push(await playEpisode(world, client, { ...options, onStep }));
    }
  } finally {
    await client.close();
    await node.close();
    await clock.close();
  }
  return { records, host };
}

function describe({ step, progress, tick }: StepEvent, done: readonly EpisodeRecord[], all: number): string {
  return (
    `episode ${done.length + 1}/${all}  step ${step}  progress ${progress.toFixed(2)}` +
    `  sweeps ${tick?.sweeps ?? 0}  solve ${tick?.solveMs.toFixed(0) ?? 0} ms` +
    (done.length ? `  mean score ${mean(done.map(({ score }) => score)).toFixed(3)}` : "")
  );
}
