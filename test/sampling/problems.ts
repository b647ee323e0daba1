import fc from "fast-check";
import { gaussianMixture, type Mode } from "../../src/sampling/analytic.js";
import type { ChunkShape, Denoiser } from "../../src/sampling/denoiser.js";
import { fullGrid, levelGrid } from "../../src/sampling/grid.js";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import type { Response } from "../../src/sampling/response.js";
import { ddim } from "../../src/sampling/rules/ddim.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import { dpmSolver } from "../../src/sampling/rules/dpm-solver.js";
import type { Rule } from "../../src/sampling/rules/rule.js";
import { type NoiseSchedule, squaredCosine } from "../../src/sampling/schedule.js";
import type { Iterate, Problem, Solver } from "../../src/sampling/solvers/solver.js";

/** What varies between the random problems of these tests; every one has a mixture of chunks to sample from. */
export interface ProblemOptions {
  readonly levels?: number;
  readonly shape?: ChunkShape;
  readonly modes?: number;
  /** Standard deviation within a mode. */
  readonly deviation?: number;
  readonly seed?: number;
  /** 1 unless told; predictions that meet it are no longer linear in their state. */
  readonly clip?: number;
  readonly start?: "cold" | "random";
  /** DDPM over all levels unless told. */
  readonly rule?: RuleChoice;
}

export type RuleChoice = (schedule: NoiseSchedule) => Rule;

/** A mixture of smooth random curves inside ±0.8, equally likely: action chunks as an analytic policy gives them. */
export function mixtureProblem(options: ProblemOptions = {}): Problem {
  const { levels = 100, shape = { horizon: 16, dim: 2 }, modes = 1, deviation = 0.05, seed = 0 } = options;
  const schedule = squaredCosine(levels);
  const rule = (options.rule ?? ddpm)(schedule);
  const size = shape.horizon * shape.dim;
  const random = new GaussianStream(seed, 1);
  const means = Array.from({ length: modes }, () => smoothMode(shape, random));
  const problem = {
    rule,
    denoiser: gaussianMixture(shape, schedule, means, deviation, options.clip),
    noise: drawNoise(rule.steps, size, new GaussianStream(seed, 2)),
  };
  if (options.start !== "random") return problem;
  const start = random.fill(new Float64Array(rule.steps * size)).map((v) => Math.max(-1, Math.min(1, v)));
  return { ...problem, start };
}

function smoothMode({ horizon, dim }: ChunkShape, random: GaussianStream): Mode {
  const mean = new Float64Array(horizon * dim);
  for (let d = 0; d < dim; d++) {
    const phase = random.next();
    const speed = random.next();
    for (let h = 0; h < horizon; h++) mean[h * dim + d] = 0.8 * Math.sin(phase + (speed * h) / horizon);
  }
  return { mean, weight: 1 };
}

/** Any response, right or wrong, to one of {@link anyProblem}: solvers must be exact whatever they are told. */
export function randomResponse({ levels = 100, shape, seed = 0 }: ProblemOptions): Response {
  const { horizon, dim } = shape ?? { horizon: 16, dim: 2 };
  const n = horizon * dim;
  const random = new GaussianStream(seed, 3);
  const slope = random.fill(new Float64Array(levels * n * n)).map((v) => Math.max(-1, Math.min(1, v)) / n);
  return { basis: identity(n), rank: n, slope };
}

/** The exact response of one mode whose predictions no clip meets: the same number in every direction. */
export function gaussianResponse(levels: number, n: number, deviation: number): Response {
  const { signal } = squaredCosine(levels);
  const slope = new Float64Array(levels * n * n);
  for (let level = 0; level < levels; level++) {
    const pull =
      (Math.sqrt(signal[level]) * deviation ** 2) / (signal[level] * deviation ** 2 + 1 - signal[level]);
    for (let k = 0; k < n; k++) slope[(level * n + k) * n + k] = pull;
  }
  return { basis: identity(n), rank: n, slope };
}

function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, k) => Number(k % (n + 1) === 0));
}

/** Any small problem: few levels, few entries, any modes, cold or from a start that knows nothing. */
export const anyProblem: fc.Arbitrary<ProblemOptions & { readonly levels: number }> = fc.record({
  levels: fc.integer({ min: 10, max: 40 }),
  shape: fc.record({ horizon: fc.integer({ min: 1, max: 5 }), dim: fc.integer({ min: 1, max: 2 }) }),
  modes: fc.integer({ min: 1, max: 4 }),
  deviation: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
  seed: fc.nat(),
  start: fc.constantFrom("cold" as const, "random" as const),
});

/** Any rule of the library, over all levels or some of them. */
export const anyRule: fc.Arbitrary<RuleChoice> = fc
  .record({
    family: fc.constantFrom("ddpm", "ddim", "dpm-solver"),
    /** Share of the levels that are visited. */
    visited: fc.oneof(fc.constant(1), fc.double({ min: 0.1, max: 1, noNaN: true })),
    spacing: fc.constantFrom("leading" as const, "trailing" as const, "linspace" as const),
    eta: fc.constantFrom(0, 0.5, 1),
    final: fc.constantFrom("one" as const, "first" as const),
    order: fc.constantFrom(1 as const, 2 as const),
  })
  .map(({ family, visited, spacing, ...options }) => (schedule) => {
    const steps = Math.max(2, Math.round(visited * schedule.levels));
    const grid = visited === 1 ? fullGrid(schedule.levels) : levelGrid(schedule.levels, { steps, spacing });
    if (family === "ddpm") return ddpm(schedule, grid);
    return family === "ddim"
      ? ddim(schedule, { grid, ...options })
      : dpmSolver(schedule, { grid, ...options });
  });

/** Every iterate of a solve, copied. */
export async function iterates(solver: Solver, problem: Problem): Promise<Iterate[]> {
  const all: Iterate[] = [];
  for await (const iterate of solver(problem)) {
    all.push({ ...iterate, chunk: iterate.chunk.slice(), clean: iterate.clean.slice() });
  }
  return all;
}

/** The iterate that a solve ends with. */
export async function solve(solver: Solver, problem: Problem): Promise<Iterate> {
  return (await iterates(solver, problem)).at(-1) as Iterate;
}

/** Largest difference between two arrays of one length; NaN counts as infinite. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a).reduce((largest, value, k) => {
    const difference = Math.abs(value - b[k]);
    return difference <= largest ? largest : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }, 0);
}

/** A denoiser that writes down the size of every batch it is asked for. */
export function counting(denoiser: Denoiser): Denoiser & { readonly batches: number[] } {
  const batches: number[] = [];
  return {
    shape: denoiser.shape,
    batches,
    predict(states, levels, rows, out) {
      batches.push(rows);
      return denoiser.predict(states, levels, rows, out);
    },
  };
}

/** A denoiser that gives NaN in one entry at one noise level, from one call on. */
export function failing(
  denoiser: Denoiser,
  level: number,
  fromCall = 0,
): Denoiser & { readonly failed: boolean } {
  const size = denoiser.shape.horizon * denoiser.shape.dim;
  let calls = 0;
  let failed = false;
  return {
    shape: denoiser.shape,
    get failed() {
      return failed;
    },
    async predict(states, levels, rows, out) {
      await denoiser.predict(states, levels, rows, out);
      const row = levels.subarray(0, rows).indexOf(level);
      if (calls++ < fromCall || row < 0) return;
      out[row * size] = Number.NaN;
      failed = true;
    },
  };
}
