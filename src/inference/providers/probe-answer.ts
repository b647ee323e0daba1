const LEVELS = 5;
/** Of its samples, and their steps. */
export const CHANNELS = 8;
export const LENGTH = 16;
/** Of its normalisation. */
export const EPSILON = 1e-5;

/** Numbers without a pattern, in [-1, 1]. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, k) => Math.sin(12.9898 * (k + 1) + 78.233 * seed));

/** Of the known network. */
export const WEIGHTS = {
  table: { dims: [LEVELS, CHANNELS], data: numbers(LEVELS * CHANNELS, 1) },
  dense: { dims: [CHANNELS, CHANNELS], data: numbers(CHANNELS * CHANNELS, 2) },
  bias: { dims: [CHANNELS], data: numbers(CHANNELS, 3) },
  kernel: { dims: [CHANNELS, CHANNELS, 3], data: numbers(CHANNELS * CHANNELS * 3, 4) },
  scale: { dims: [LENGTH], data: numbers(LENGTH, 5) },
  shift: { dims: [LENGTH], data: numbers(LENGTH, 6) },
  mix: { dims: [LENGTH, LENGTH], data: numbers(LENGTH * LENGTH, 7) },
} as const;

/** What the probe is asked: three samples [3, 8, 16] and their noise levels. */
export const PROBE_INPUT = { rows: 3, levels: [4, 0, 2], sample: numbers(3 * CHANNELS * LENGTH, 8) } as const;
/** Of its samples. */
export const PROBE_SHAPE = [PROBE_INPUT.rows, CHANNELS, LENGTH] as const;

/** What the known network answers to {@link PROBE_INPUT}, reckoned here in double precision: [3, 8, 16]. */
export function probeAnswer(): Float64Array {
  const { rows, levels, sample } = PROBE_INPUT;
  const { table, dense, bias, kernel, scale, shift, mix } = WEIGHTS;
  const channels = [...Array(CHANNELS).keys()];
  const times = [...Array(LENGTH).keys()];
  const sum = (over: readonly number[], term: (k: number) => number) =>
    over.reduce((total, k) => total + term(k), 0);

  const answer: number[] = [];
  for (let row = 0; row < rows; row++) {
    const input = (channel: number, at: number) =>
      at < 0 || at >= LENGTH ? 0 : sample[(row * CHANNELS + channel) * LENGTH + at];
    for (const c of channels) {
      const film =
        bias.data[c] +
        sum(channels, (k) => table.data[levels[row] * CHANNELS + k] * dense.data[k * CHANNELS + c]);
      const conditioned = times.map(
        (t) =>
          film +
          bias.data[c] +
          sum(channels, (k) =>
            sum([0, 1, 2], (tap) => kernel.data[(c * CHANNELS + k) * 3 + tap] * input(k, t + tap - 1)),
          ),
      );
      const mean = sum(times, (t) => conditioned[t]) / LENGTH;
      const spread = Math.sqrt(sum(times, (t) => (conditioned[t] - mean) ** 2) / LENGTH + EPSILON);
      const normalised = conditioned.map(
        (each, t) => ((each - mean) / spread) * scale.data[t] + shift.data[t],
      );
      for (const out of times) answer.push(sum(times, (t) => normalised[t] * mix.data[t * LENGTH + out]));
    }
  }
  return Float64Array.from(answer);
}
