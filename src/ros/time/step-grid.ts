/** Weight of the newest increment in their mean, and of the newest deviation in the grid's own moments. */
const GAIN = 0.1;

/** Within this share of the policy's period every instant is a step, and the grid follows the sensor's clock. */
const FOLLOWED = 0.05;

/**
 * Counts control steps by the instants at which observations were acquired, on a grid of the policy's period: by time,
 * never by messages. Of instants that come faster than the policy's rate each step takes the one nearest to its moment,
 * so that its rate is kept without bias; instants at about its rate are taken one by one, jitter and drift included.
 *
 * @example
 * const grid = new StepGrid(100);
 * for (const instant of [0, 103, 148, 198, 405]) {
 *   grid.pass(instant);
 *   if (grid.isDue(instant)) console.log(instant, grid.take(instant)); // 0 0, 103 1, 198 2, 405 4
 * }
 */
export class StepGrid {
  readonly #periodMs: number;
  /** Mean time from one instant to the next, ms. */
  #increment: number;
  #passed: number | undefined;
  #step = -1;
  /** When the step after {@link #step} is expected. */
  #expected = Number.NEGATIVE_INFINITY;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
    this.#increment = periodMs;
  }

  /** The last step taken; -1 before the first. */
  get step(): number {
    return this.#step;
  }

  /** Counts from 0 again; the pace of the instants stays known. */
  clear(): void {
    this.#passed = undefined;
    this.#step = -1;
    this.#expected = Number.NEGATIVE_INFINITY;
  }

  /** An instant is there, later than those before, whether or not a step takes it. */
  pass(instantMs: number): void {
    if (this.#passed !== undefined) {
      // A pause says nothing about the pace.
      const increment = Math.min(instantMs - this.#passed, 2 * this.#periodMs);
      this.#increment += GAIN * (increment - this.#increment);
    }
    this.#passed = instantMs;
  }

  /** Whether no later instant is likely to be nearer to the next step's moment. */
  isDue(instantMs: number): boolean {
    return instantMs >= this.#expected - Math.min(this.#increment, this.#periodMs) / 2;
  }

  /** The step that a due instant belongs to: steps whose instants are missing are passed over. */
  take(instantMs: number): number {
    if (this.#step < 0) {
      this.#step = 0;
      this.#expected = instantMs + this.#periodMs;
      return 0;
    }
    const missing = Math.max(0, Math.round((instantMs - this.#expected) / this.#periodMs));
    const moment = this.#expected + missing * this.#periodMs;
    const isFollowed = Math.abs(this.#increment - this.#periodMs) <= FOLLOWED * this.#periodMs;
    this.#step += 1 + missing;
    this.#expected = moment + this.#periodMs + (isFollowed ? GAIN * (instantMs - moment) : 0);
    return this.#step;
  }
}
