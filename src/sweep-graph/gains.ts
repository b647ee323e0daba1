import type { Response } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";

/**
 * How the states of a chain follow its clean predictions: states = base + gain · clean, where base is what the rule makes of
 * the noise alone.
 *
 * @returns [(steps + 1) · steps], lower triangular.
 */
export function stateGain(rule: Rule): Float64Array {
  return gainWith(rule, new Float64Array(rule.steps));
}

/**
 * How the clean predictions of a sweep with one slope per step change for a surprise (prediction less model) at every step:
 * the surprise itself, and the slope times the movement of its state.
 *
 * @param slopes [steps]
 * @returns [steps · steps], lower triangular.
 */
export function changeGain(rule: Rule, slopes: Float64Array): Float64Array {
  const { steps } = rule;
  const gain = gainWith(rule, slopes).subarray(0, steps * steps);
  return gain.map((value, k) => {
    const [i, j] = [Math.floor(k / steps), k % steps];
    return Number(i === j) + slopes[i] * value;
  });
}

/** Movement of the states, [(steps + 1) · steps], for a surprise of 1 at one step after another. */
function gainWith(rule: Rule, slopes: Float64Array): Float64Array {
  const { steps } = rule;
  const gain = new Float64Array((steps + 1) * steps);
  for (let j = 0; j < steps; j++) {
    let earlier = 0;
    for (let i = j; i < steps; i++) {
      const moved = gain[i * steps + j];
      const change = Number(i === j) + slopes[i] * moved;
      gain[(i + 1) * steps + j] = rule.state[i] * moved + rule.clean[i] * change + rule.previous[i] * earlier;
      earlier = change;
    }
  }
  return gain;
}

/**
 * How far the states of a sweep with the policy's mean response move along the directions of the response, for surprises along
 * them. What happens across the directions does not come back to them, so this alone is a closed recurrence.
 *
 * @returns [steps · rank · steps · rank]: row (j, q) for a surprise of 1 at step j along direction q, column (i, p) for the
 * movement at step i along direction p.
 */
export function directionGain(rule: Rule, response: Response): Float64Array {
  const { rank } = response;
  const { steps } = rule;
  const within = withinDirections(response);
  const side = steps * rank;
  const gain = new Float64Array(side * side);
  const block = () => new Float64Array(rank * rank);
  for (let j = 0; j < steps; j++) {
    let moved = block();
    let earlier = block();
    for (let i = j; i < steps; i++) {
      for (let q = 0; q < rank; q++) {
        for (let p = 0; p < rank; p++) gain[(j * rank + q) * side + i * rank + p] = moved[q * rank + p];
      }
      const next = block();
      const change = block();
      const level = rule.level[i] * rank * rank;
      for (let q = 0; q < rank; q++) {
        for (let p = 0; p < rank; p++) {
          let sum = Number(i === j && p === q);
          for (let c = 0; c < rank; c++) sum += within[level + p * rank + c] * moved[q * rank + c];
          const k = q * rank + p;
          change[k] = sum;
          next[k] = rule.state[i] * moved[k] + rule.clean[i] * sum + rule.previous[i] * earlier[k];
        }
      }
      moved = next;
      earlier = change;
    }
  }
  return gain;
}

/** [levels · rank · rank] basisᵀ·slope: the response along the directions to movement along them. */
function withinDirections({ basis, rank, slope }: Response): Float64Array {
  const n = basis.length / rank;
  const levels = slope.length / basis.length;
  const within = new Float64Array(levels * rank * rank);
  for (let level = 0; level < levels; level++) {
    for (let k = 0; k < n; k++) {
      for (let p = 0; p < rank; p++) {
        const weight = basis[k * rank + p];
        const row = (level * n + k) * rank;
        for (let c = 0; c < rank; c++) within[(level * rank + p) * rank + c] += weight * slope[row + c];
      }
    }
  }
  return within;
}

/** The response along its first directions alone, those to which predictions respond most. */
export function leading(response: Response, rank: number): Response {
  const { rank: all } = response;
  const narrow = (matrix: Float64Array) =>
    Float64Array.from(
      { length: (matrix.length / all) * rank },
      (_, k) => matrix[Math.floor(k / rank) * all + (k % rank)],
    );
  return { basis: narrow(response.basis), rank, slope: narrow(response.slope) };
}
