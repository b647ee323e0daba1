import fc from "fast-check";
import { erf } from "mathjs";
import { describe, expect, test } from "vitest";
import type { Denoiser } from "../../../src/sampling/denoiser.js";
import { drawNoise, GaussianStream } from "../../../src/sampling/noise.js";
import type { Rule } from "../../../src/sampling/rules/rule.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import type { Problem } from "../../../src/sampling/solvers/solver.js";
import { speculative } from "../../../src/sampling/solvers/speculative.js";
import { anyProblem, counting, distance, failing, iterates, mixtureProblem, solve } from "../problems.js";

const anyWindow = fc.integer({ min: 1, max: 50 });

const anywhere = fc.double({ min: 0, max: 0.999, noNaN: true });

/** The rule with the weight of each prediction spread over two, as multistep rules have it. */
const multistep = (rule: Rule): Rule => ({
  ...rule,
  clean: rule.clean.map((b, i) => (i > 0 ? 1.5 * b : b)),
  previous: rule.clean.map((b, i) => (i > 0 ? -0.5 * b : 0)),
});

const withoutNoise = (rule: Rule, from: number, to = from + 1): Rule => ({
  ...rule,
  noise: rule.noise.slice().fill(0, from, to),
});

/** Predicts the same chunk whatever the state. */
function constant({ shape }: Denoiser, value: number): Denoiser {
  return {
    shape,
    predict(_states, _levels, rows, out) {
      out.fill(value, 0, rows * shape.horizon * shape.dim);
    },
  };
}

/** A denoiser that keeps, per level, the state it saw last and what it predicted there. */
function recording(denoiser: Denoiser): Denoiser & { seen: Map<number, [Float64Array, Float64Array]> } {
  const size = denoiser.shape.horizon * denoiser.shape.dim;
  const seen = new Map<number, [Float64Array, Float64Array]>();
  return {
    shape: denoiser.shape,
    seen,
    async predict(states, levels, rows, out) {
      await denoiser.predict(states, levels, rows, out);
      for (let row = 0; row < rows; row++) {
        const [from, to] = [row * size, (row + 1) * size];
        seen.set(levels[row], [states.slice(from, to), out.slice(from, to)]);
      }
    },
  };
}

describe("one step with a draft that is off by Δ", () => {
  const size = 3;
  const gap = [0.6, -0.9, 0.4];
  // Step 0 draws from N(x̂0, I), step 1 shows what it drew: one sweep if the draft, from x̂0 = 0, stands, else two.
  const rule: Rule = {
    name: "one draw",
    steps: 2,
    level: Int32Array.of(1, 0),
    state: Float64Array.of(0, 1),
    clean: Float64Array.of(1, 0),
    previous: new Float64Array(2),
    noise: Float64Array.of(1, 0),
    signal: Float64Array.of(0.5, 0.9),
    deviation: Float64Array.of(1, 0),
  };
  const denoiser: Denoiser = {
    shape: { horizon: size, dim: 1 },
    predict(_states, _levels, rows, out) {
      for (let row = 0; row < rows; row++) out.set(gap, row * size);
    },
  };
  const count = 40_000;
  const stream = new GaussianStream(21);
  const draws = Array.from({ length: count }, () => {
    const noise = drawNoise(rule.steps, size, stream);
    return { noise, solved: solve(speculative(), { rule, denoiser, noise }) };
  });

  test("stands with probability 2Φ(-|Δ|/2)", async () => {
    let stood = 0;
    for (const { solved } of draws) if ((await solved).sweeps === 1) stood += 1;
    const expected = 1 - erf(Math.hypot(...gap) / 2 / Math.SQRT2);
    // Four standard errors.
    expect(Math.abs(stood / count - expected)).toBeLessThan(
      4 * Math.sqrt((expected * (1 - expected)) / count),
    );
  });

  test("is made up for by a reflection, which keeps the length of the noise", async () => {
    for (const { noise, solved } of draws.slice(0, 1000)) {
      const { sweeps, chunk } = await solved;
      if (sweeps === 1) expect(distance(chunk, noise.steps.slice(0, size))).toBe(0);
      else {
        const reflected = chunk.map((v, k) => v - gap[k]);
        expect(Math.hypot(...reflected)).toBeCloseTo(Math.hypot(...noise.steps.subarray(0, size)), 10);
      }
    }
  });

  test("gives N(mean, I) with both outcomes together", async () => {
    const centred: number[][] = [];
    for (const { solved } of draws) centred.push(Array.from((await solved).chunk, (v, k) => v - gap[k]));
    const mean = (f: (v: number[]) => number) => centred.reduce((sum, v) => sum + f(v), 0) / count;
    // Five standard errors: of N(0, 1) to the first, second and third power, and of a product.
    const error = 5 / Math.sqrt(count);
    for (let k = 0; k < size; k++) {
      expect(Math.abs(mean((v) => v[k]))).toBeLessThan(error);
      expect(Math.abs(mean((v) => v[k] ** 2) - 1)).toBeLessThan(Math.SQRT2 * error);
      expect(Math.abs(mean((v) => v[k] ** 3))).toBeLessThan(Math.sqrt(15) * error);
      expect(Math.abs(mean((v) => v[k] * v[(k + 1) % size]))).toBeLessThan(error);
    }
  });
});

test("every step either meets its coin or keeps the length of its noise", async () => {
  await fc.assert(
    fc.asyncProperty(anyProblem, anyWindow, fc.boolean(), async (options, window, twoSteps) => {
      const problem = mixtureProblem(options);
      const rule = twoSteps ? multistep(problem.rule) : problem.rule;
      const denoiser = recording(problem.denoiser);
      const { chunk } = await solve(speculative({ window }), { ...problem, rule, denoiser });
      const size = chunk.length;
      for (let i = 0; i < rule.steps - 1; i++) {
        const [state, clean] = denoiser.seen.get(rule.level[i]) as [Float64Array, Float64Array];
        const [next] = denoiser.seen.get(rule.level[i + 1]) as [Float64Array, Float64Array];
        const [, earlier] = denoiser.seen.get(rule.level[Math.max(i - 1, 0)]) as [Float64Array, Float64Array];
        let [drawn, given] = [0, 0];
        for (let k = 0; k < size; k++) {
          const mean = rule.state[i] * state[k] + rule.clean[i] * clean[k] + rule.previous[i] * earlier[k];
          drawn += ((next[k] - mean) / rule.noise[i]) ** 2;
          given += problem.noise.steps[i * size + k] ** 2;
        }
        const stood = Math.log(problem.noise.coins[i]) <= (given - drawn) / 2 + 1e-6;
        if (!stood) expect(drawn / given).toBeCloseTo(1, 6);
      }
    }),
  );
});

test("ends within as many sweeps as there are steps, with no chunk worth executing before", async () => {
  await fc.assert(
    fc.asyncProperty(anyProblem, anyWindow, async (options, window) => {
      const problem = mixtureProblem(options);
      const all = await iterates(speculative({ window }), problem);
      expect(all.length).toBeLessThanOrEqual(options.levels);
      expect(all.map(({ sweeps }) => sweeps)).toEqual(all.map((_, k) => k + 1));
      all.forEach(({ accepted, residual, chunk }, k) => {
        expect(accepted).toBe(k === all.length - 1);
        expect(residual).toBe(accepted ? 0 : Number.POSITIVE_INFINITY);
        expect(chunk).toHaveLength(problem.noise.initial.length);
      });
    }),
  );
});

test("counts one evaluation per state that the denoiser was given, at most a window of them per sweep", async () => {
  await fc.assert(
    fc.asyncProperty(anyProblem, anyWindow, async (options, window) => {
      const problem = mixtureProblem(options);
      const denoiser = counting(problem.denoiser);
      let total = 0;
      for (const { sweeps, evaluations } of await iterates(speculative({ window }), {
        ...problem,
        denoiser,
      })) {
        total += denoiser.batches[sweeps - 1];
        expect(evaluations).toBe(total);
      }
      expect(Math.max(...denoiser.batches)).toBeLessThanOrEqual(window);
    }),
  );
});

test("is a function of its problem, which it leaves as it was", async () => {
  await fc.assert(
    fc.asyncProperty(anyProblem, anyWindow, async (options, window) => {
      const problem = mixtureProblem({ ...options, start: "random" });
      const before = structuredClone({ noise: problem.noise, start: problem.start });
      const once = await iterates(speculative({ window }), problem);
      expect(await iterates(speculative({ window }), problem)).toEqual(once);
      expect({ noise: problem.noise, start: problem.start }).toEqual(before);
    }),
  );
});

test("can be stopped between any two sweeps, asks nothing more, and can be asked again", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyProblem,
      anyWindow,
      fc.integer({ min: 1, max: 5 }),
      async (options, window, after) => {
        const problem = mixtureProblem(options);
        const denoiser = counting(problem.denoiser);
        const solver = speculative({ window });
        for await (const { sweeps } of solver({ ...problem, denoiser })) if (sweeps === after) break;
        await new Promise((resolve) => setImmediate(resolve));
        expect(denoiser.batches.length).toBeLessThanOrEqual(after);
        expect(await solve(solver, { ...problem, denoiser })).toEqual(
          await solve(speculative({ window }), problem),
        );
      },
    ),
  );
});

test("never hides a NaN of the denoiser behind a finite chunk", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyProblem,
      anyWindow,
      anywhere,
      fc.boolean(),
      async (options, window, where, twoSteps) => {
        const problem = mixtureProblem(options);
        const rule = twoSteps ? multistep(problem.rule) : problem.rule;
        const denoiser = failing(problem.denoiser, Math.floor(where * options.levels));
        const { chunk } = await solve(speculative({ window }), { ...problem, rule, denoiser });
        expect(chunk.every(Number.isFinite)).toBe(false);
      },
    ),
  );
});

describe("a step without noise", () => {
  test("stands on the truth alone: a deterministic rule gives the sequential sample at its cost", async () => {
    await fc.assert(
      fc.asyncProperty(anyProblem, anyWindow, fc.boolean(), async (options, window, twoSteps) => {
        const problem = mixtureProblem(options);
        const noiseless = withoutNoise(problem.rule, 0, options.levels);
        const rule = twoSteps ? multistep(noiseless) : noiseless;
        const denoiser = counting(problem.denoiser);
        const { chunk, clean } = await solve(speculative({ window }), { ...problem, rule, denoiser });
        const reference = await solve(sequential(), { ...problem, rule });
        expect(distance(chunk, reference.chunk)).toBe(0);
        expect(distance(clean, reference.clean)).toBe(0);
        expect(denoiser.batches).toEqual(new Array(options.levels).fill(1));
      }),
    );
  });

  test("ends the batch that it is in", async () => {
    await fc.assert(
      fc.asyncProperty(anyProblem, anyWindow, anywhere, async (options, window, where) => {
        const problem = mixtureProblem(options);
        const quiet = Math.floor(where * options.levels);
        const batches: number[][] = [];
        const denoiser: Denoiser = {
          shape: problem.denoiser.shape,
          predict(states, levels, rows, out) {
            batches.push(Array.from(levels.subarray(0, rows)));
            return problem.denoiser.predict(states, levels, rows, out);
          },
        };
        const rule = withoutNoise(problem.rule, quiet);
        await solve(speculative({ window }), { ...problem, rule, denoiser });
        const level = problem.rule.level[quiet];
        for (const levels of batches) if (levels.includes(level)) expect(levels.at(-1)).toBe(level);
      }),
    );
  });
});

describe("a draft that is the truth always stands", () => {
  const always = (problem: Problem): Problem => ({
    ...problem,
    noise: { ...problem.noise, coins: problem.noise.coins.map(() => 1) },
  });

  test("from a start that is the answer", async () => {
    await fc.assert(
      fc.asyncProperty(anyProblem, async (options) => {
        const problem = always(mixtureProblem({ ...options, start: "cold" }));
        const { clean, chunk } = await solve(sequential(), problem);
        const solved = await solve(speculative({ window: options.levels }), { ...problem, start: clean });
        expect(solved.sweeps).toBe(1);
        expect(distance(solved.chunk, chunk)).toBe(0);
      }),
    );
  });

  test("when the prediction never changes, one window after the other", async () => {
    await fc.assert(
      fc.asyncProperty(anyProblem, anyWindow, fc.boolean(), async (options, window, twoSteps) => {
        const problem = always(mixtureProblem({ ...options, start: "cold" }));
        const rule = twoSteps ? multistep(problem.rule) : problem.rule;
        const denoiser = constant(problem.denoiser, 0.3);
        const start = new Float64Array(problem.noise.steps.length).fill(0.3);
        const { sweeps, chunk } = await solve(speculative({ window }), { ...problem, rule, denoiser, start });
        expect(sweeps).toBe(Math.ceil(options.levels / window));
        expect(
          distance(chunk, (await solve(sequential(), { ...problem, rule, denoiser })).chunk),
        ).toBeLessThan(1e-12);
      }),
    );
  });

  test("in a multistep rule too, which drafts with the settled prediction of the step before", async () => {
    const problem = always(mixtureProblem({ levels: 20, shape: { horizon: 3, dim: 1 } }));
    const rule = multistep(problem.rule);
    const denoiser = recording(constant(problem.denoiser, 0.3));
    await solve(speculative({ window: 1 }), { ...problem, rule, denoiser });
    // The guess of step 0 knew nothing; all later ones know the prediction, so their noise is the given one.
    for (let i = 1; i < rule.steps - 1; i++) {
      const [state] = denoiser.seen.get(rule.level[i]) as [Float64Array, Float64Array];
      const [next] = denoiser.seen.get(rule.level[i + 1]) as [Float64Array, Float64Array];
      const pull = 0.3 * (rule.clean[i] + rule.previous[i]);
      const noise = problem.noise.steps.subarray(i * 3);
      const told = state.map((x, k) => rule.state[i] * x + pull + rule.noise[i] * noise[k]);
      expect(distance(next, told)).toBeLessThan(1e-12);
    }
  });
});

test("shows the last settled prediction until it ends", async () => {
  const denoiser = counting(mixtureProblem().denoiser);
  for (const { chunk, clean, accepted, sweeps } of await iterates(speculative({ window: 1 }), {
    ...mixtureProblem(),
    denoiser,
  })) {
    expect(chunk).toEqual(clean.slice((sweeps - 1) * 32, sweeps * 32));
    expect(accepted).toBe(sweeps === 100);
  }
});

test.each([
  [10, 12.3, 109],
  [20, 7.6, 130],
  [100, 7.4, 300],
])("window %i needs about %d sweeps and %i evaluations of a 100-step chain", async (window, calls, cost) => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const ends = await Promise.all(
    seeds.map((seed) => solve(speculative({ window }), mixtureProblem({ seed, modes: 3 }))),
  );
  const mean = (of: (end: (typeof ends)[number]) => number) =>
    ends.reduce((sum, end) => sum + of(end), 0) / ends.length;
  expect(mean(({ sweeps }) => sweeps) / calls).toBeCloseTo(1, 1);
  expect(mean(({ evaluations }) => evaluations) / cost).toBeCloseTo(1, 1);
});

test("a window may be longer than the chain", async () => {
  const problem = mixtureProblem({ levels: 15, seed: 3, modes: 2 });
  expect(await iterates(speculative({ window: 1000 }), problem)).toEqual(
    await iterates(speculative({ window: 15 }), problem),
  );
});

test.each([0, -1, 1.5, Number.NaN])("refuses a window of %s", (window) => {
  expect(() => speculative({ window })).toThrow(`not ${window}`);
});
