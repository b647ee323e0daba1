import type { Slope, SlopeFactory, Sweep } from "./slope.js";

/** dE[x_0 | x]/dx for Gaussian data of standard deviation `spread`. */
export function gaussianSlope(signal: number, spread: number): number {
  return (Math.sqrt(signal) * spread ** 2) / (signal * spread ** 2 + 1 - signal);
}

/** What is taken to be left of a surprise after the sweep that has seen it; less, on average, on a PushT policy. */
const PERSISTENCE = 0.5;

/**
 * A slope that is not that of the network where the solve is leaves errors in proportion to what the sweep has moved. Half of
 * the surprise looks back: it catches the sharp turns between modes, which no average slope foresees.
 */
export function linearRemaining(movement: number, surprise: number): number {
  return Math.max(movement, PERSISTENCE * surprise);
}

/** No slope: predictions are taken to stay as they are. */
export const flat: SlopeFactory = () => ({
  ask() {},
  learn() {},
  add() {},
  remaining: linearRemaining,
});

/** One number per step: the slope of Gaussian data of standard deviation `spread`. */
export function gaussian(spread: number): SlopeFactory {
  return (rule, size) =>
    new ScalarSlope(
      rule.signal.map((signal) => gaussianSlope(signal, spread)),
      size,
    );
}

/** One number per step: Gaussian at first, then as the last two sweeps showed (a diagonal Broyden update). */
export function secant(spread: number): SlopeFactory {
  return (rule, size) => {
    const slopes = rule.signal.map((signal) => gaussianSlope(signal, spread));
    const steepest = rule.signal.map((signal) => 1 / Math.sqrt(signal));
    return new SecantSlope(slopes, size, steepest);
  };
}

class ScalarSlope implements Slope {
  constructor(
    protected readonly slopes: Float64Array,
    protected readonly size: number,
  ) {}

  ask(): void {}

  learn(_sweep: Sweep): void {}

  remaining(movement: number, surprise: number): number {
    return linearRemaining(movement, surprise);
  }

  add(i: number, moved: Float64Array, out: Float64Array, at: number): void {
    for (let k = 0; k < this.size; k++) out[at + k] += this.slopes[i] * moved[k];
  }
}

class SecantSlope extends ScalarSlope {
  readonly #steepest: Float64Array;
  readonly #states: Float64Array;
  readonly #clean: Float64Array;
  #seen = false;

  constructor(slopes: Float64Array, size: number, steepest: Float64Array) {
    super(slopes, size);
    this.#steepest = steepest;
    this.#states = new Float64Array(slopes.length * size);
    this.#clean = new Float64Array(slopes.length * size);
  }

  override learn({ first, states, clean }: Sweep): void {
    for (let i = first; this.#seen && i < this.slopes.length; i++) {
      let squares = 0;
      let products = 0;
      for (let k = i * this.size; k < (i + 1) * this.size; k++) {
        const moved = states[k] - this.#states[k];
        squares += moved * moved;
        products += moved * (clean[k] - this.#clean[k]);
      }
      // Where the state hardly moved, rounding would decide.
      if (squares <= 1e-12 * this.size) continue;
      this.slopes[i] = Math.min(Math.max(products / squares, 0), this.#steepest[i]);
    }
    this.#states.set(states.subarray(0, this.#states.length));
    this.#clean.set(clean);
    this.#seen = true;
  }
}
