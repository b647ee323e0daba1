import { STAGES } from "./stage.js";

const COLUMNS = [
  "at",
  "robot",
  "episode",
  "step",
  "rung",
  "missed",
  "endToEnd",
  "overhead",
  "sweeps",
  "residual",
  "alarm",
  ...STAGES,
] as const;

export type TickColumn = (typeof COLUMNS)[number];

const BLOCK_ROWS = 1024;
const WIDTH = COLUMNS.length;
const INDEX = Object.fromEntries(COLUMNS.map((column, k) => [column, k])) as Record<TickColumn, number>;

/**
 * Figures of every tick, NaN where there is none. Grows by blocks, 160 bytes a tick: nothing is copied while the loop runs,
 * and the garbage collector has no objects to trace.
 *
 * ```ts
 * const row = table.append();
 * table.set(row, "endToEnd", 23.5);
 * ```
 */
export class TickTable {
  readonly #blocks: Float64Array[] = [];
  #rows = 0;

  get length(): number {
    return this.#rows;
  }

  /** The new row's number. */
  append(): number {
    if (this.#rows % BLOCK_ROWS === 0)
      this.#blocks.push(new Float64Array(BLOCK_ROWS * WIDTH).fill(Number.NaN));
    return this.#rows++;
  }

  set(row: number, column: TickColumn, value: number): void {
    this.#blocks[Math.floor(row / BLOCK_ROWS)][(row % BLOCK_ROWS) * WIDTH + INDEX[column]] = value;
  }

  get(row: number, column: TickColumn): number {
    return this.#blocks[Math.floor(row / BLOCK_ROWS)][(row % BLOCK_ROWS) * WIDTH + INDEX[column]];
  }
}
