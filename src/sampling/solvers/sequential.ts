import { chunkSize, type Solver } from "./solver.js";
import { takeStep } from "./states.js";

/**
 * One step after another, as every diffusion policy is sampled today: the reference that the other solvers must
 * reproduce. Cost: `steps` serial evaluations. Use it where a batch costs as much as its samples one by one.
 *
 * Ignores the warm start. The residual is Infinity until the last step: no earlier chunk is worth executing.
 *
 * Source: Ho et al. 2020, algorithm 2.
 *
 * @example
 * for await (const iterate of sequential()(problem)) if (iterate.accepted) use(iterate.chunk);
 */
export function sequential(): Solver {
  return async function* solve(problem) {
    const { rule, denoiser, noise } = problem;
    const size = chunkSize(problem);
    const states = new Float64Array((rule.steps + 1) * size);
    states.set(noise.initial);
    const clean = new Float64Array(rule.steps * size);
    for (let i = 0; i < rule.steps; i++) {
      const state = states.subarray(i * size, (i + 1) * size);
      await denoiser.predict(
        state,
        rule.level.subarray(i, i + 1),
        1,
        clean.subarray(i * size, (i + 1) * size),
      );
      takeStep(rule, noise, clean, i, size, states);
      const last = i === rule.steps - 1;
      yield {
        chunk: states.subarray((i + 1) * size, (i + 2) * size),
        clean,
        residual: last ? 0 : Number.POSITIVE_INFINITY,
        sweeps: i + 1,
        evaluations: i + 1,
        accepted: last,
      };
    }
  };
}
