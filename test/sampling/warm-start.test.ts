import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawNoise, GaussianStream } from "../../src/sampling/noise.js";
import { ddpm } from "../../src/sampling/rules/ddpm.js";
import { squaredCosine } from "../../src/sampling/schedule.js";
import { rebuildStates } from "../../src/sampling/solvers/states.js";
import { type Carried, warmStart } from "../../src/sampling/warm-start.js";
import { distance } from "./problems.js";

const shape = { horizon: 4, dim: 2 };
const SIZE = 8;

function carried(steps: number, seed = 1): Carried {
  return {
    clean: Float64Array.from({ length: steps * SIZE }, (_, k) => k),
    noise: drawNoise(steps, SIZE, new GaussianStream(seed)),
  };
}

const fresh = (steps: number, seed = 2) => drawNoise(steps, SIZE, new GaussianStream(seed));

describe("predictions", () => {
  test("stay where they are when nothing was executed", () => {
    const previous = carried(3);
    const { start } = warmStart(shape, 3, previous, 0, 0, new GaussianStream(2));
    expect(start).toEqual(previous.clean);
    expect(start).not.toBe(previous.clean);
  });

  test("move by the executed steps, the tail holding the last value, at every level", () => {
    const { start } = warmStart(shape, 2, carried(2), 3, 0, new GaussianStream(2));
    expect(Array.from(start ?? [])).toEqual([6, 7, 6, 7, 6, 7, 6, 7, 14, 15, 14, 15, 14, 15, 14, 15]);
  });

  test("moved twice are moved by the sum", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), (first, second) => {
        const previous = carried(2);
        const move = (clean: Float64Array, by: number) =>
          warmStart(shape, 2, { ...previous, clean }, by, 0, new GaussianStream(2)).start as Float64Array;
        const sum = Math.min(first + second, shape.horizon - 1);
        expect(move(move(previous.clean, first), second)).toEqual(move(previous.clean, sum));
      }),
    );
  });

  test.each([4, 5, 1000])("are of no use after %i executed steps of a horizon of 4", (executed) => {
    const { start, noise } = warmStart(shape, 3, carried(3), executed, 1, new GaussianStream(2));
    expect(start).toBeUndefined();
    expect(noise).toEqual(fresh(3));
  });

  test("are absent on the first tick", () => {
    const { start, noise } = warmStart(shape, 3, undefined, 0, 1, new GaussianStream(2));
    expect(start).toBeUndefined();
    expect(noise).toEqual(fresh(3));
  });
});

describe("noise", () => {
  test("is fresh without coupling", () => {
    expect(warmStart(shape, 3, carried(3), 1, 0, new GaussianStream(2)).noise).toEqual(fresh(3));
  });

  test("is the carried noise, shifted in time, with a fresh tail, when fully coupled", () => {
    const previous = carried(3);
    const { noise } = warmStart(shape, 3, previous, 1, 1, new GaussianStream(2));
    for (const part of ["initial", "steps"] as const) {
      for (let chunk = 0; chunk < noise[part].length; chunk += SIZE) {
        const row = noise[part].subarray(chunk, chunk + SIZE);
        expect(row.slice(0, 6)).toEqual(previous.noise[part].slice(chunk + 2, chunk + SIZE));
        expect(row.slice(6)).toEqual(fresh(3)[part].slice(chunk + 6, chunk + SIZE));
      }
    }
  });

  test.each([0, 0.3, 0.8, 1])("stays standard normal tick after tick at coupling %f", (coupling) => {
    const steps = 200;
    let previous = carried(steps);
    let [sum, squares, count] = [0, 0, 0];
    for (let tick = 0; tick < 60; tick++) {
      const stream = new GaussianStream(3, tick);
      const { noise, start } = warmStart(shape, steps, previous, 1 + (tick % 3), coupling, stream);
      previous = { clean: start as Float64Array, noise };
      if (tick % 5 !== 4) continue; // enough executed steps since the last one counted to be independent of it
      for (const value of noise.steps) {
        sum += value;
        squares += value * value;
        count += 1;
      }
    }
    expect(Math.abs(sum / count)).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(squares / count - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  });

  test("keeps the stated share of the carried noise", () => {
    const steps = 4000;
    const previous = carried(steps);
    const { noise } = warmStart(shape, steps, previous, 0, 0.6, new GaussianStream(2));
    const correlation =
      noise.steps.reduce((total, v, k) => total + v * previous.noise.steps[k], 0) / noise.steps.length;
    expect(correlation).toBeCloseTo(0.6, 1);
  });

  test("of the previous tick is left as it was", () => {
    const previous = carried(3);
    const before = structuredClone(previous);
    warmStart(shape, 3, previous, 1, 0.5, new GaussianStream(2));
    expect(previous).toEqual(before);
  });
});

test.each([-0.1, 1.1, Number.NaN])("refuses a coupling of %s", (coupling) => {
  expect(() => warmStart(shape, 3, carried(3), 0, coupling, new GaussianStream(2))).toThrow(
    `not ${coupling}`,
  );
});

test.each([-1, 0.5, Number.NaN])("refuses %s executed steps", (executed) => {
  expect(() => warmStart(shape, 3, carried(3), executed, 1, new GaussianStream(2))).toThrow(
    `not ${executed}`,
  );
});

test("states rebuilt from predictions follow the rule's recurrence under any noise", () => {
  const rule = ddpm(squaredCosine(3));
  const noise = fresh(3);
  const clean = carried(3).clean;
  const states = new Float64Array(4 * SIZE);
  rebuildStates(rule, noise, clean, SIZE, states);
  expect(states.slice(0, SIZE)).toEqual(noise.initial);
  for (let i = 0; i < 3; i++) {
    const next = noise.initial.map((_, k) => {
      const at = i * SIZE + k;
      return rule.state[i] * states[at] + rule.clean[i] * clean[at] + rule.noise[i] * noise.steps[at];
    });
    expect(distance(states.slice((i + 1) * SIZE, (i + 2) * SIZE), next)).toBe(0);
  }
});
