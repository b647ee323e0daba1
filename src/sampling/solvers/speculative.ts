import { gaussianSlope } from "./slopes/scalar.js";
import { chunkSize, type Solver } from "./solver.js";
import { takeStep } from "./states.js";

/** Standard deviation of normalised actions within one mode, the semilinear solver's default. */
const SPREAD = 0.05;

export interface SpeculativeOptions {
  /** States that one network call verifies: more of them mean fewer calls and more evaluations. */
  readonly window?: number;
}

/**
 * Draws from exactly the law of the sequential sampler in a fraction of its calls, whatever the network. Each sweep
 * drafts the next states from guesses d of their clean predictions, evaluates the network at all of them in one batch,
 * and walks on from the noisiest, now that the truth is known. With
 * Δ = (clean[i]·(d[i] - x̂0[i]) + previous[i]·(d[i-1] - x̂0[i-1])) / noise[i], the draft of x[i+1] stands if
 *
 *     coin[i] ≤ exp(-|z[i] + Δ|²/2 + |z[i]|²/2)
 *
 * and is else replaced by x[i+1] = mean + noise[i]·(z[i] - 2e(e·z[i])), e = Δ/|Δ|, and all later drafts are void. Both
 * outcomes together are N(mean, noise[i]²I) whatever d[i] was; the draft stands with probability 2Φ(-|Δ|/2), the most
 * that any coupling allows. The first state of a batch is never a draft, so each sweep settles a step: at most `steps`.
 *
 * What a guess may know. d[i] must not depend on z[i] or coin[i]; it may depend on all randomness of earlier steps, and
 * on which of them were rejected, for the walks have consulted z and coins of settled steps only. So a prediction at a
 * discarded draft of x[i] will do, since that draft was made with z[0] … z[i-1], but one at a discarded draft of x[i+1]
 * or later would bias the sample. Accordingly, a level that was in the last batch is guessed from its own prediction
 * there, moved along the slope of Gaussian data; any other from the last settled prediction, frozen. A warm start
 * guesses the first window; it costs no exactness if it is independent of the noise, as with noise coupling 0.
 *
 * A step without noise forgives nothing: the truth replaces its draft, and no batch goes past it. The last step of DDPM
 * is one. A deterministic rule has no others: it gets the sequential sample, at the sequential cost.
 *
 * Cost on a trained 100-step PushT policy, 16 states, in sweeps and evaluations altogether: cold 12.8 and 113 with a
 * window of 10, 8.1 and 125 with 20 (the least product of both, hence the default), 6.6 and 178 with 50, 6.6 and 253
 * with 100; from a warm start under fresh noise 8.3 and 129 with 20, 5.3 and 199 with 100. Use it where the law must be
 * the policy's own, and where evaluations are dear, as on a CPU. It loses to {@link semilinear} where a batch costs
 * hardly more than one evaluation, and in anytime use: there is no chunk worth executing before the last sweep, so the
 * residual is Infinity until then. The 0 it ends with means exact in law: the chunk is not the sequential sample of the
 * same noise, and jumps where a draft turns from standing to falling.
 *
 * Source: De Bortoli et al. 2025 (arXiv 2501.05370), section 3, with frozen drafts and reflection; Hu et al. 2025 (ASD,
 * arXiv 2505.03983). Guessing a level from its own discarded draft is this project's: 9.0 sweeps without it, window 20.
 *
 * @throws RangeError on a window below 1.
 * @example
 * for await (const { chunk, accepted } of speculative({ window: 20 })(problem)) if (accepted) console.log(chunk);
 */
export function speculative(options: SpeculativeOptions = {}): Solver {
  const { window = 20 } = options;
  if (!Number.isInteger(window) || window < 1)
    throw new RangeError(`a window is a whole number ≥ 1, not ${window}`);

  return async function* solve(problem) {
    const { rule, denoiser, noise, start } = problem;
    const { steps } = rule;
    const size = chunkSize(problem);
    const states = new Float64Array((steps + 1) * size);
    states.set(noise.initial);
    const old = new Float64Array(states.length);
    const clean = start ? start.slice() : new Float64Array(steps * size);
    const draft = clean.slice();
    const gap = new Float64Array(size);

    let front = 0;
    let seen = 0;
    for (let sweeps = 1, evaluations = 0; front < steps; sweeps++) {
      const settled = clean.subarray(Math.max(front - 1, 0) * size, front * size);
      draft.set(settled, front * size - settled.length);
      let end = front;
      do {
        if (end < seen) {
          const slope = gaussianSlope(rule.signal[end], SPREAD);
          for (let k = end * size; k < (end + 1) * size; k++) {
            draft[k] = clean[k] + slope * (states[k] - old[k]);
          }
        } else draft.set(settled, end * size);
        takeStep(rule, noise, draft, end, size, states);
        end += 1;
      } while (end < Math.min(front + window, steps) && rule.noise[end - 1] > 0);

      await denoiser.predict(
        states.subarray(front * size, end * size),
        rule.level.subarray(front, end),
        end - front,
        clean.subarray(front * size, end * size),
      );
      evaluations += end - front;
      seen = end;
      old.set(states);

      for (let stands = true; stands && front < end; front++) {
        const { along, squares } = measureGap(front);
        const deviation = rule.noise[front];
        // NaN does not stand, and goes on into the state.
        stands =
          deviation > 0 &&
          Math.log(noise.coins[front]) <= -along / deviation - squares / (2 * deviation ** 2);
        if (stands) continue;
        takeStep(rule, noise, clean, front, size, states);
        if (deviation === 0) continue;
        const reflection = (2 * deviation * along) / squares;
        for (let k = 0; k < size; k++) states[(front + 1) * size + k] -= reflection * gap[k];
      }

      const accepted = front === steps;
      yield {
        chunk: accepted ? states.subarray(steps * size) : clean.subarray((front - 1) * size, front * size),
        clean,
        residual: accepted ? 0 : Number.POSITIVE_INFINITY,
        sweeps,
        evaluations,
        accepted,
      };
    }

    /** σΔ of step i into `gap`; its products with the step's noise and with itself. */
    function measureGap(i: number): { along: number; squares: number } {
      let along = 0;
      let squares = 0;
      for (let k = 0; k < size; k++) {
        const at = i * size + k;
        const earlier = rule.previous[i] === 0 ? 0 : rule.previous[i] * (draft[at - size] - clean[at - size]);
        gap[k] = rule.clean[i] * (draft[at] - clean[at]) + earlier;
        along += gap[k] * noise.steps[at];
        squares += gap[k] ** 2;
      }
      return { along, squares };
    }
  };
}
