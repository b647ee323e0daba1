import { chunkSize, type Solver } from "./solver.js";

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
    const x = noise.initial.slice();
    const clean = new Float64Array(rule.steps * size);
    for (let i = 0; i < rule.steps; i++) {
      const prediction = clean.subarray(i * size, (i + 1) * size);
      await denoiser.predict(x, rule.level.subarray(i, i + 1), 1, prediction);
      for (let k = 0; k < size; k++) {
        x[k] =
          rule.state[i] * x[k] + rule.clean[i] * prediction[k] + rule.noise[i] * noise.steps[i * size + k];
      }
      const last = i === rule.steps - 1;
      yield {
        chunk: x,
        clean,
        residual: last ? 0 : Number.POSITIVE_INFINITY,
        sweeps: i + 1,
        evaluations: i + 1,
        accepted: last,
      };
    }
  };
}
