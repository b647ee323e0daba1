import type { ConditionedDenoiser } from "../../src/inference/tick-solver.js";
import type { Manifest } from "../../src/policy/manifest.js";
import { gaussianMixture } from "../../src/sampling/analytic.js";
import type { Denoiser } from "../../src/sampling/denoiser.js";
import { squaredCosine } from "../../src/sampling/schedule.js";

/** A policy with known answers. */
export interface Follower extends ConditionedDenoiser {
  /** What it was shown, newest last. */
  readonly seen: Float64Array[];
  /** Called before every prediction, to break or to watch it. */
  before: () => void;
  /** Spoils predictions from now on. */
  value: number | undefined;
  networkMs: number;
}

/**
 * Moves every action to the first value of the newest observation, normalised, plus one of the offsets.
 */
export function follower(manifest: Manifest, offsets: readonly number[] = [0], deviation = 0.01): Follower {
  const shape = { horizon: manifest.horizon, dim: manifest.action.length };
  const schedule = squaredCosine(manifest.diffusion.levels);
  let mixture: Denoiser | undefined;
  const self: Follower = {
    shape,
    seen: [],
    before: () => {},
    value: undefined,
    networkMs: 0,
    observe(observation) {
      self.seen.push(observation.slice());
      const goal = observation[observation.length - observation.length / manifest.n_obs_steps];
      const size = shape.horizon * shape.dim;
      const modes = offsets.map((offset) => ({
        mean: new Float64Array(size).fill(goal + offset),
        weight: 1,
      }));
      mixture = gaussianMixture(shape, schedule, modes, deviation, manifest.diffusion.clip);
    },
    async predict(states, levels, rows, out) {
      self.before();
      await mixture?.predict(states, levels, rows, out);
      if (self.value !== undefined) out[0] = self.value;
    },
  };
  return self;
}
