import type { DemonstratedEpisode } from "../policy/demonstrations.js";
import { History } from "../policy/history.js";
import { joinedRanges, type Manifest, observationWidth } from "../policy/manifest.js";
import { LimitsNormalizer } from "../policy/normalizer.js";
import type { Denoiser } from "../sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../sampling/noise.js";
import type { Rule } from "../sampling/rules/rule.js";
import { semilinear } from "../sampling/solvers/semilinear.js";
import { lastIterate } from "../sampling/solvers/solver.js";
import type { CalibrationTick } from "./calibrate.js";

/** A denoiser of one observation at a time. */
export interface ObservingDenoiser extends Denoiser {
  /** @param observation [To · O] normalised, oldest first. */
  observe(observation: Float64Array): void;
}

/**
 * Ticks of a policy for which there is no world to drive: those of a loop that sees what was seen in demonstrations, one
 * every `n_action_steps`, with noise of its own at every one. When all episodes are through they begin again, a step later.
 *
 * @param rule over all levels.
 */
export async function* demonstratedTicks(
  episodes: readonly DemonstratedEpisode[],
  denoiser: ObservingDenoiser,
  rule: Rule,
  manifest: Manifest,
  seed: number,
): AsyncGenerator<CalibrationTick, never, void> {
  const normalizer = new LimitsNormalizer(joinedRanges(manifest));
  const n = denoiser.shape.horizon * denoiser.shape.dim;
  const stride = manifest.n_action_steps;
  for (let pass = 0, tick = 0; ; pass++) {
    for (const { frames } of episodes) {
      const history = new History(manifest.n_obs_steps, observationWidth(manifest));
      for (const [step, frame] of frames.entries()) {
        history.push(step, frame);
        if (step % stride !== pass % stride && frames.length > stride) continue;
        const observation = normalizer.normalize(
          history.read(new Float64Array(history.steps * history.width)),
        );
        denoiser.observe(observation);
        const noise = drawNoise(rule.steps, n, new GaussianStream(seed, tick++));
        const { clean } = await lastIterate(semilinear(), { rule, denoiser, noise });
        yield { observation, noise, clean };
      }
    }
  }
}
