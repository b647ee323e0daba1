import { type PlayOptions, playEpisode } from "../../sim/play.js";
import type { PolicyClient } from "../../sim/policy-client.js";
import type { World } from "../../sim/world.js";
import type { Growth } from "./growth.js";
import { handlesByKind, ProcessProbe } from "./process-probe.js";
import { SoakSamples } from "./soak-samples.js";

/** Two in each quarter of a short run. */
const FEWEST_SAMPLES = 8;
/** Unless that leaves too few samples, an episode gets so many steps before it is cut off for one. */
const FEWEST_STEPS = 50;

export interface SoakOptions {
  /** Control steps to play, in as many episodes as it takes. */
  readonly ticks: number;
  /** Of the first episode; the next ones count up. */
  readonly seed: number;
  readonly pace: PlayOptions["pace"];
  /** At most so often is looked at what the process holds, evenly over the run. */
  readonly samples: number;
  /** Awaited before each look, between two episodes: for watchers that are read from time to time, or start over. */
  readonly pause: () => Promise<void>;
}

export interface SoakResult {
  /** Control steps that were played. */
  readonly steps: number;
  /** Of these, on the robot's side, those whose action did not come. */
  readonly silent_steps: number;
  readonly episodes: number;
  readonly wall_s: number;
  readonly grows: boolean;
  readonly rows: readonly Growth[];
  /** By kind, after warm-up and at the end. */
  readonly handles: { readonly warm: Record<string, number>; readonly end: Record<string, number> };
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/**
 * Plays episode after episode against a node of the same process and tells whether the process grows by it. Nothing of
 * the episodes is kept. They end early where it is time for a sample, so a run of a few thousand steps plays short ones.
 *
 * @param progress told in words, at every control step.
 */
export async function soak(
  world: World,
  client: PolicyClient,
  { ticks, seed, pace, samples: most, pause }: SoakOptions,
  progress: (what: string) => void,
): Promise<SoakResult> {
  const policy = await client.describe();
  const every = Math.max(
    1,
    Math.min(Math.floor(ticks / FEWEST_SAMPLES), Math.max(FEWEST_STEPS, Math.floor(ticks / most))),
  );
  const samples = new SoakSamples(Math.ceil(ticks / every));
  const probe = await ProcessProbe.start();
  const began = performance.now();
  let warm: Record<string, number> | undefined;
  let steps = 0;
  let silentSteps = 0;
  let episodes = 0;
  let next = every;
  let heap = "";
  while (steps < ticks) {
    const options = { seed: seed + episodes, episode: seed + episodes, policy, pace };
    const maxSteps = Math.min(next, ticks) - steps;
    const before = steps;
    const onStep = ({ step }: { readonly step: number }) =>
      progress(`step ${before + step}/${ticks}  episode ${episodes + 1}${heap}`);
    const { actions, silentSteps: silent } = await playEpisode(world, client, {
      ...options,
      maxSteps,
      onStep,
    });
    steps += actions.length;
    silentSteps += silent;
    episodes += 1;
    if (steps < Math.min(next, ticks)) continue;
    await pause();
    const state = await probe.look();
    samples.add(steps, state);
    if (steps > ticks / 4) warm ??= handlesByKind();
    heap = `  heap ${(state.heap / 1e6).toFixed(1)} MB  rss ${(state.rss / 1e6).toFixed(0)} MB  handles ${state.handles}`;
    next += every;
  }
  probe.stop();
  const end = handlesByKind();
  const rows = samples.growth();
  return {
    steps,
    silent_steps: silentSteps,
    episodes,
    wall_s: Number(((performance.now() - began) / 1000).toPrecision(4)),
    grows: rows.some(({ grows }) => grows),
    rows,
    handles: { warm: warm ?? end, end },
    samples: samples.toJson(),
  };
}
