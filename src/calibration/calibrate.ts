import type { Denoiser } from "../sampling/denoiser.js";
import type { ChunkNoise } from "../sampling/noise.js";
import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { rebuildStates } from "../sampling/solvers/states.js";
import { smoothDirections } from "./directions.js";
import { GuessFit } from "./guess.js";
import { ResponseMeter } from "./response.js";

/** ᾱ above which a level counts as clean when directions are put in order. */
const CLEAN_SIGNAL = 0.9;

/** One solved tick to learn from; the denoiser is conditioned on it while it is handed over. */
export interface CalibrationTick {
  /** [To · O] normalised. */
  readonly observation: Float64Array;
  readonly noise: ChunkNoise;
  /** [steps · n] clean predictions of the solved chain. */
  readonly clean: Float64Array;
  /** [steps · n] what a loop would start from, where there is a tick before. */
  readonly start?: Float64Array;
}

export interface CalibrationPlan {
  /** Ticks to fit the guess to. */
  readonly ticks: number;
  /** How many of them to measure the response at, spread evenly. */
  readonly states: number;
}

/** What a calibration learns; see `policy/calibration.ts` for how it is kept. */
export interface Learnt {
  readonly response: Response;
  readonly offset: Float64Array;
  readonly slope: Float64Array;
}

/**
 * Learns a network's mean response and its straight-line guess from ticks of its own loop, by calling it: no gradients
 * and no training framework are needed.
 *
 * @param rule a rule over all levels, the one that the ticks were solved with.
 */
export async function calibrate(
  denoiser: Denoiser,
  rule: Rule,
  source: AsyncIterator<CalibrationTick>,
  plan: CalibrationPlan,
  progress: (what: string) => void,
): Promise<Learnt> {
  const n = denoiser.shape.horizon * denoiser.shape.dim;
  const levels = rule.steps;
  const clean = Array.from(rule.level).filter((_, i) => rule.signal[i] > CLEAN_SIGNAL);
  const meter = new ResponseMeter(denoiser, levels, smoothDirections(denoiser.shape), clean);
  const seen: { observation: Float64Array; states: Float32Array; clean: Float32Array }[] = [];
  const states = new Float64Array((levels + 1) * n);
  const measured = Math.min(plan.states, plan.ticks);
  for (let tick = 0, measuredSoFar = 0; tick < plan.ticks; tick++) {
    const next = await source.next();
    if (next.done) throw new RangeError(`the source ended after ${tick} of ${plan.ticks} ticks`);
    const { observation, noise, clean: predictions } = next.value;
    rebuildStates(rule, noise, predictions, n, states);
    if (tick * measured >= measuredSoFar * plan.ticks) {
      await meter.add(states, rule.level);
      measuredSoFar += 1;
    }
    seen.push({ observation, states: Float32Array.from(states), clean: Float32Array.from(predictions) });
    progress(`tick ${tick + 1}/${plan.ticks}, response at ${measuredSoFar}/${measured} states`);
  }
  const response = meter.response();
  const fit = new GuessFit(response, levels, seen[0].observation.length);
  for (const tick of seen) {
    fit.add(tick.observation, Float64Array.from(tick.states), Float64Array.from(tick.clean), rule.level);
  }
  return { response, ...fit.solve((level) => progress(`guess at level ${level}/${levels}`)) };
}
