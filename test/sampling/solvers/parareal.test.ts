import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawNoise, GaussianStream } from "../../../src/sampling/noise.js";
import type { Rule } from "../../../src/sampling/rules/rule.js";
import { type Block, crossBlock, cutBlocks } from "../../../src/sampling/solvers/block.js";
import { parareal } from "../../../src/sampling/solvers/parareal.js";
import { sequential } from "../../../src/sampling/solvers/sequential.js";
import type { Problem } from "../../../src/sampling/solvers/solver.js";
import { anyProblem, counting, distance, failing, iterates, mixtureProblem, solve } from "../problems.js";
import { anyRule, ddim, multistep } from "./rules.js";

const anyOptions = fc.record(
  { pipelined: fc.boolean(), blocks: fc.integer({ min: 1, max: 50 }) },
  { requiredKeys: ["pipelined"] },
);

/** Steps of every block, as documented: as even as they go, longer ones first. */
function lengths(steps: number, blocks = Math.ceil(Math.sqrt(steps))): number[] {
  const count = Math.max(1, Math.min(blocks, Math.floor(steps / 2)));
  return Array.from({ length: count }, (_, i) => Math.ceil((steps - i) / count));
}

/** Calls until iteration k is complete, by the formulas of the doc comment. */
function callsUntil(k: number, steps: number, pipelined: boolean, warm: boolean, blocks?: number): number {
  const all = lengths(steps, blocks);
  const count = all.length;
  const fine = all.slice(0, k).reduce((sum, length) => sum + length, 0);
  if (pipelined) return k === 0 ? (warm ? 0 : count) : fine + count - k;
  let calls = warm ? 1 : count;
  for (let j = 1; j <= k; j++) calls += all[j - 1] - 1 + count - j;
  return calls;
}

describe("at tolerance 0", () => {
  test("ends with the sequential sample and all its predictions, for any rule", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, anyProblem, anyRule, async (options, problemOptions, change) => {
        const plain = mixtureProblem(problemOptions);
        const problem = { ...plain, rule: change(plain.rule) };
        const reference = await solve(sequential(), problem);
        const { chunk, clean } = await solve(parareal({ ...options, tolerance: 0 }), problem);
        expect(distance(chunk, reference.chunk)).toBeLessThan(1e-8);
        expect(distance(clean, reference.clean)).toBeLessThan(1e-8);
      }),
      { numRuns: 300 },
    );
  });

  test("takes the calls that its comment states, and no more than the rule has steps when pipelined", async () => {
    await fc.assert(
      fc.asyncProperty(anyOptions, anyProblem, async ({ pipelined, blocks }, problemOptions) => {
        const { levels, start } = problemOptions;
        const options = blocks === undefined ? { pipelined } : { pipelined, blocks };
        const all = await iterates(parareal({ ...options, tolerance: 0 }), mixtureProblem(problemOptions));
        const { length } = lengths(levels, blocks);
        expect(all).toHaveLength(callsUntil(length, levels, pipelined, start === "random", blocks));
        if (pipelined) expect(all).toHaveLength(levels);
        expect(all.map(({ accepted }) => accepted)).toEqual(all.map((_, k) => k === all.length - 1));
      }),
      { numRuns: 200 },
    );
  });

  test("evaluates block i in i+1 iterations and not again", async () => {
    for (const pipelined of [true, false]) {
      const { evaluations } = await solve(
        parareal({ pipelined, tolerance: 0 }),
        mixtureProblem({ modes: 3 }),
      );
      expect(evaluations).toBe(10 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10));
    }
  });
});

describe("the calls per iteration", () => {
  /** Sweeps after which the residual changed: where an iteration ended. */
  async function ends(levels: number, pipelined: boolean, start: "cold" | "random"): Promise<number[]> {
    const problem = mixtureProblem({ levels, modes: 4, deviation: 0.3, seed: 1, start });
    const all = await iterates(parareal({ pipelined, tolerance: 0 }), problem);
    return all
      .filter(({ residual }, k) => residual !== (all[k - 1]?.residual ?? Number.POSITIVE_INFINITY))
      .map(({ sweeps }) => sweeps);
  }

  test.each([
    [100, [19, 28, 37]],
    [25, [9, 13, 17]],
    [30, [10, 14, 18]],
    [90, [18, 26, 34]],
  ])("of %i steps, pipelined", async (levels, expected) => {
    expect((await ends(levels, true, "cold")).slice(0, 3)).toEqual(expected);
    expect((await ends(levels, true, "random")).slice(0, 3)).toEqual(expected);
    expect(expected).toEqual([1, 2, 3].map((k) => callsUntil(k, levels, true, false)));
  });

  test.each([
    [100, [28, 45, 61]],
    [25, [13, 20, 26]],
    [30, [15, 23, 30]],
    [90, [27, 43, 58]],
  ])("of %i steps, plain", async (levels, expected) => {
    expect((await ends(levels, false, "cold")).slice(0, 3)).toEqual(expected);
    expect(expected).toEqual([1, 2, 3].map((k) => callsUntil(k, levels, false, false)));
    const count = Math.ceil(Math.sqrt(levels));
    expect((await ends(levels, false, "random")).slice(0, 3)).toEqual(expected.map((n) => n - count + 1));
  });

  test("batches only what can go on: coarse steps first, then all blocks, then those not yet exact", async () => {
    const problem = mixtureProblem({ levels: 9, modes: 3, deviation: 0.3 });
    const plain = counting(problem.denoiser);
    await solve(parareal({ pipelined: false, tolerance: 0 }), { ...problem, denoiser: plain });
    expect(plain.batches).toEqual([1, 1, 1, 3, 3, 1, 1, 2, 2, 1, 1, 1]);
    const pipelined = counting(problem.denoiser);
    await solve(parareal({ tolerance: 0 }), { ...problem, denoiser: pipelined });
    expect(pipelined.batches).toEqual([1, 2, 3, 3, 3, 2, 2, 1, 1]);
  });
});

/** Parareal from its definition: the chunk and the residual of every iteration, one evaluation at a time. */
async function byDefinition(
  { rule, denoiser, noise, start }: Problem,
  count: number,
): Promise<{ chunk: Float64Array; residual: number }[]> {
  const size = noise.initial.length;
  const blocks = cutBlocks(rule, noise, size, count);
  const predict = async (state: Float64Array, i: number) => {
    const clean = new Float64Array(size);
    await denoiser.predict(state.slice(0, size), rule.level.subarray(i, i + 1), 1, clean);
    return clean;
  };
  /** The step i of the rule, on a state and the prediction before it. */
  const step = (at: Float64Array, i: number, clean: Float64Array) => {
    const next = clean.map(
      (c, d) =>
        rule.state[i] * at[d] +
        rule.clean[i] * c +
        rule.previous[i] * at[size + d] +
        rule.noise[i] * noise.steps[i * size + d],
    );
    return Float64Array.of(...next, ...clean);
  };
  const fine = async (block: Block, left: Float64Array) => {
    let at = left;
    for (let i = block.from; i < block.to; i++) at = step(at, i, await predict(at, i));
    return at;
  };
  const coarse = async (block: Block, left: Float64Array) => {
    const right = new Float64Array(2 * size);
    crossBlock(block, left, await predict(left, block.from), right);
    return right;
  };

  let ends = [Float64Array.of(...noise.initial, ...new Float64Array(size))];
  if (start) {
    let at = ends[0];
    for (const { from, to } of blocks) {
      for (let i = from; i < to; i++) at = step(at, i, start.slice(i * size, (i + 1) * size));
      ends.push(at);
    }
  } else for (const [i, block] of blocks.entries()) ends.push(await coarse(block, ends[i]));

  const all = [];
  for (let k = 1; k < count; k++) {
    const moved = [ends[0]];
    let residual = 0;
    for (const [i, block] of blocks.entries()) {
      const [forth, back] = [await coarse(block, moved[i]), await coarse(block, ends[i])];
      const corrected = await fine(block, ends[i]);
      moved.push(corrected.map((value, d) => value + forth[d] - back[d]));
      residual = Math.max(residual, distance(forth.slice(size), back.slice(size)));
    }
    const chunk = moved[count].slice(0, size);
    residual = Math.max(residual, distance(chunk, ends[count].slice(0, size)));
    all.push({ chunk, residual });
    ends = moved;
  }
  return all;
}

test("every iteration is Parareal's, whatever the schedule, the rule and the start", async () => {
  await fc.assert(
    fc.asyncProperty(anyOptions, anyProblem, anyRule, async ({ pipelined, blocks }, options, change) => {
      const ddpm = mixtureProblem(options);
      const problem = { ...ddpm, rule: change(ddpm.rule) };
      const count = lengths(options.levels, blocks).length;
      const solver = parareal({ pipelined, tolerance: 0, ...(blocks === undefined ? {} : { blocks }) });
      const all = await iterates(solver, problem);
      for (const [k, { chunk, residual }] of (await byDefinition(problem, count)).entries()) {
        const warm = options.start === "random";
        const at = all[callsUntil(k + 1, options.levels, pipelined, warm, blocks) - 1];
        expect(distance(at.chunk, chunk)).toBeLessThan(1e-8);
        expect(Math.abs(at.residual - residual)).toBeLessThan(1e-8);
      }
    }),
    { numRuns: 60 },
  );
});

describe("the coarse step", () => {
  test("is the DDIM step between the levels of the block's ends", () => {
    const { rule, noise } = mixtureProblem({ levels: 50 });
    const size = noise.initial.length;
    const random = new GaussianStream(3);
    const [left, prediction] = [random.fill(new Float64Array(2 * size)), random.fill(new Float64Array(size))];
    const right = new Float64Array(2 * size);
    for (const block of cutBlocks(ddim(rule), noise, size, 7)) {
      crossBlock(block, left, prediction, right);
      const from = rule.signal[block.from];
      const to = block.to === 50 ? 1 : rule.signal[block.to];
      const expected = prediction.map((clean, d) => {
        const epsilon = (left[d] - Math.sqrt(from) * clean) / Math.sqrt(1 - from);
        return Math.sqrt(to) * clean + Math.sqrt(1 - to) * epsilon;
      });
      expect(distance(right.slice(0, size), expected)).toBeLessThan(1e-10);
    }
  });

  test("is the fine solve itself where the prediction does not change", async () => {
    await fc.assert(
      fc.asyncProperty(anyRule, fc.integer({ min: 1, max: 15 }), fc.nat(), async (change, count, seed) => {
        const { rule: plain, noise } = mixtureProblem({ levels: 30, seed });
        const rule = change(plain);
        const size = noise.initial.length;
        const prediction = new GaussianStream(seed).fill(new Float64Array(size));
        let coarse = new Float64Array(2 * size);
        coarse.set(noise.initial);
        coarse.set(prediction, size);
        for (const block of cutBlocks(rule, noise, size, count)) {
          const right = new Float64Array(2 * size);
          crossBlock(block, coarse, prediction, right);
          coarse = right;
        }
        let fine = noise.initial;
        for (let i = 0; i < rule.steps; i++) {
          const weight = rule.clean[i] + rule.previous[i];
          fine = fine.map(
            (x, d) => rule.state[i] * x + weight * prediction[d] + rule.noise[i] * noise.steps[i * size + d],
          );
        }
        expect(distance(coarse.slice(0, size), fine)).toBeLessThan(1e-10);
      }),
    );
  });
});

describe("the residual", () => {
  test("is Infinity until the first iteration and 0 at the exact end", async () => {
    const all = await iterates(parareal({ tolerance: 0 }), mixtureProblem({ modes: 3, deviation: 0.3 }));
    const infinite = all.findIndex(({ residual }) => residual < Number.POSITIVE_INFINITY);
    expect(infinite).toBe(18);
    expect(all.at(-1)?.residual).toBe(0);
  });

  test.each<[string, (rule: Rule) => Rule]>([
    ["ddpm", (rule) => rule],
    ["multistep", multistep(0.2)],
  ])(
    "of a %s solve from the answer is 0 after one iteration, and the solve ends there",
    async (_, change) => {
      const ddpm = mixtureProblem({ modes: 3 });
      const problem = { ...ddpm, rule: change(ddpm.rule) };
      const { clean, chunk } = await solve(sequential(), problem);
      const end = await solve(parareal(), { ...problem, start: clean });
      expect(end.residual).toBeLessThan(1e-9);
      expect(end.sweeps).toBe(19);
      expect(distance(end.chunk, chunk)).toBeLessThan(1e-9);
    },
  );

  test("keeps the accepted chunk within the tolerance of the sequential sample", async () => {
    for (let seed = 0; seed < 60; seed++) {
      const problem = mixtureProblem({ modes: 1 + (seed % 5), deviation: 0.15, seed });
      const reference = await solve(sequential(), problem);
      expect(distance((await solve(parareal(), problem)).chunk, reference.chunk)).toBeLessThan(0.05);
    }
  });
});

test("a NaN of the denoiser reaches the chunk", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyOptions,
      anyProblem,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.constantFrom(0, 0.05),
      async (options, problemOptions, where, tolerance) => {
        const problem = mixtureProblem(problemOptions);
        const denoiser = failing(problem.denoiser, Math.floor(where * problemOptions.levels));
        const end = await solve(parareal({ ...options, tolerance }), { ...problem, denoiser });
        expect(end.chunk.every(Number.isFinite)).toBe(false);
        expect(end.residual).toBeNaN();
      },
    ),
  );
});

test("counts what it asks, leaves its problem as it was and can be stopped between sweeps", async () => {
  await fc.assert(
    fc.asyncProperty(anyOptions, anyProblem, async (options, problemOptions) => {
      const problem = mixtureProblem(problemOptions);
      const before = structuredClone({ noise: problem.noise, start: problem.start });
      const denoiser = counting(problem.denoiser);
      let total = 0;
      for await (const { sweeps, evaluations } of parareal(options)({ ...problem, denoiser })) {
        expect(denoiser.batches).toHaveLength(sweeps);
        total += denoiser.batches[sweeps - 1];
        expect(evaluations).toBe(total);
      }
      expect({ noise: problem.noise, start: problem.start }).toEqual(before);
    }),
    { numRuns: 50 },
  );
});

test("a chain of one step is one call", async () => {
  const { rule: long, ...rest } = mixtureProblem({ levels: 10 });
  const first = (values: Float64Array) => values.slice(0, 1);
  const rule: Rule = {
    ...long,
    steps: 1,
    level: long.level.slice(0, 1),
    state: first(long.state),
    clean: first(long.clean),
    noise: first(long.noise),
    previous: first(long.previous),
    signal: first(long.signal),
    deviation: first(long.deviation),
  };
  const noise = drawNoise(1, rest.noise.initial.length, new GaussianStream(1));
  const problem = { ...rest, rule, noise };
  const end = await solve(parareal(), problem);
  expect(end.sweeps).toBe(1);
  expect(end.chunk).toEqual((await solve(sequential(), problem)).chunk);
});

test.each([-0.1, Number.NaN])("refuses a tolerance of %s", (tolerance) => {
  expect(() => parareal({ tolerance })).toThrow(`not ${tolerance}`);
});

test.each([0, -1, 1.5, Number.NaN])("refuses %s blocks", (blocks) => {
  expect(() => parareal({ blocks })).toThrow(`not ${blocks}`);
});
