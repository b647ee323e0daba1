import type { ChunkNoise } from "../noise.js";
import type { Rule } from "../rules/rule.js";

/**
 * A run of consecutive steps [from, to), and its recurrence composed into one coarse step that keeps a single clean
 * prediction all the way:
 *
 *     x[to] = state·x[from] + clean·x̂0[from] + previous·x̂0[from-1] + noise
 *
 * Linear part and noise are those of the steps themselves, exactly; nothing but the prediction is frozen. For DDIM this
 * is the DDIM step between the two levels, because a frozen x̂0 leaves the predicted noise where it was.
 */
export interface Block {
  readonly from: number;
  readonly to: number;
  readonly state: number;
  readonly clean: number;
  readonly previous: number;
  /** [n] */
  readonly noise: Float64Array;
}

/**
 * Cuts the chain of a rule into `count` blocks whose lengths differ by at most one, longer ones first.
 *
 * @param size n, the numbers in a chunk.
 */
export function cutBlocks(rule: Rule, noise: ChunkNoise, size: number, count: number): Block[] {
  const short = Math.floor(rule.steps / count);
  const longer = rule.steps % count;
  let to = 0;
  return Array.from({ length: count }, (_, i) => {
    const from = to;
    to += i < longer ? short + 1 : short;
    return composeSteps(rule, noise, size, from, to);
  });
}

function composeSteps(rule: Rule, noise: ChunkNoise, size: number, from: number, to: number): Block {
  let [state, clean, previous] = [1, 0, 0];
  const sum = new Float64Array(size);
  for (let i = from; i < to; i++) {
    const earlier = rule.previous[i];
    state *= rule.state[i];
    clean = rule.state[i] * clean + rule.clean[i] + (i > from ? earlier : 0);
    previous = rule.state[i] * previous + (i > from ? 0 : earlier);
    for (let d = 0; d < size; d++) {
      sum[d] = rule.state[i] * sum[d] + rule.noise[i] * noise.steps[i * size + d];
    }
  }
  return { from, to, state, clean, previous, noise: sum };
}

/**
 * Takes the coarse step. What stands at a block's end is [2n]: the state, then the prediction of the step before it,
 * which the first step of a multistep rule in the next block asks for.
 *
 * @param left [2n] at the block's left end.
 * @param prediction [n] the denoiser's at the left end.
 * @param right [2n] filled.
 */
export function crossBlock(
  block: Block,
  left: Float64Array,
  prediction: Float64Array,
  right: Float64Array,
): void {
  const size = prediction.length;
  for (let d = 0; d < size; d++) {
    right[d] =
      block.state * left[d] + block.clean * prediction[d] + block.previous * left[size + d] + block.noise[d];
    right[size + d] = prediction[d];
  }
}
