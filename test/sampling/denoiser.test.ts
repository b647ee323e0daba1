import { expect, test } from "vitest";
import { cleanFromNoise, type NoiseNetwork } from "../../src/sampling/denoiser.js";
import { squaredCosine } from "../../src/sampling/schedule.js";

const schedule = squaredCosine(100);

/** The clean prediction where the network predicts `noise` for `state` at `level`. */
async function clean(noise: number, state: number, level: number, clip = 1): Promise<number> {
  const network: NoiseNetwork = {
    shape: { horizon: 1, dim: 1 },
    predictNoise: (_states, _levels, _rows, out) => {
      out[0] = noise;
    },
  };
  const out = new Float64Array(1);
  await cleanFromNoise(network, schedule, clip).predict(Float64Array.of(state), Int32Array.of(level), 1, out);
  return out[0];
}

test.each([0, 50, 98])("recovers the clean value from its own noise at level %i", async (level) => {
  const signal = schedule.signal[level];
  const state = Math.sqrt(signal) * 0.7 + Math.sqrt(1 - signal) * -0.4;
  expect(await clean(-0.4, state, level)).toBeCloseTo(0.7, 9);
});

test("clips what the noisiest level blows up", async () => {
  expect(await clean(0, 0.01, 99)).toBe(1);
  expect(await clean(0, -0.01, 99, 0.5)).toBe(-0.5);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "a network that gives %s gives no prediction, not a full-scale one",
  async (noise) => {
    expect(await clean(noise, 0.1, 50)).toBeNaN();
  },
);

test("waits for a network that takes its time, and converts every row at its own level", async () => {
  const network: NoiseNetwork = {
    shape: { horizon: 1, dim: 2 },
    async predictNoise(_states, _levels, rows, out) {
      await new Promise((resolve) => setImmediate(resolve));
      out.fill(0.5, 0, rows * 2);
    },
  };
  const out = new Float64Array(4);
  const levels = Int32Array.of(50, 10);
  const states = Float64Array.from([0.2, 0.3, 0.2, 0.3], (value, k) => {
    const signal = schedule.signal[levels[k >> 1]];
    return Math.sqrt(signal) * value + Math.sqrt(1 - signal) * 0.5;
  });
  await cleanFromNoise(network, schedule, 1).predict(states, levels, 2, out);
  out.forEach((value, k) => {
    expect(value).toBeCloseTo([0.2, 0.3, 0.2, 0.3][k], 12);
  });
});
