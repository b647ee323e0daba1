/** Which noise levels a sampler visits when it takes fewer steps than the schedule has levels. */
export interface GridOptions {
  /** Number of levels visited, which is the number of network evaluations in sequence. */
  readonly steps: number;
  /**
   * Names of Lin et al. 2023, table 2: `leading` counts in equal strides from the clean end, `trailing` from the noisy
   * end, `linspace` divides the range evenly. `leading` alone does not start at the noisiest level.
   */
  readonly spacing: "leading" | "trailing" | "linspace";
  /** Added to every level of `leading` spacing: diffusers' `steps_offset`. */
  readonly offset?: number;
  /**
   * Whose `leading` and `linspace` this is. `ddim`: that of diffusers' DDPM and DDIM, which visit level 0. `dpm-solver`:
   * that of its DPMSolverMultistep, which divides into one step more and leaves out level 0.
   */
  readonly convention?: "ddim" | "dpm-solver";
}

/**
 * The levels of a strided sampler, noisiest first, with the numbers of diffusers 0.42: for DDPM, DDIM and DPM-Solver.
 * Every rule steps from each level to the next in the list, and from the last one to its final ᾱ. So do DDPM and
 * DPM-Solver in diffusers; its DDIM steps to t - ⌊levels / steps⌋ instead, which is the same for `leading` spacing and
 * wherever `steps` divides `levels` in `trailing` spacing. Elsewhere its states stand at levels other than those it
 * tells the network, and this library does not follow it. Nor does it where rounding gives diffusers one trailing level
 * too many, -1, as at 29 steps of 100.
 *
 * @param levels number of levels N of the noise schedule.
 * @throws RangeError where the options give no `steps` different levels of the schedule.
 * @example
 * levelGrid(100, { steps: 10, spacing: "leading" }); // 90, 80, … 0
 * levelGrid(100, { steps: 10, spacing: "trailing" }); // 99, 89, … 9
 */
export function levelGrid(levels: number, options: GridOptions): Int32Array {
  const { steps, spacing, offset = 0, convention = "ddim" } = options;
  if (!Number.isInteger(steps) || steps < 1 || steps > levels) {
    throw new RangeError(`a grid visits between 1 and all ${levels} levels, not ${steps}`);
  }
  if (!Number.isInteger(offset)) {
    throw new RangeError(`an offset is a whole number of levels, not ${offset}`);
  }
  if (offset !== 0 && spacing !== "leading") {
    throw new RangeError(`an offset of ${offset} needs leading spacing; ${spacing} spacing takes none`);
  }
  // With the clean end left out, the range is divided as if for one level more.
  const skipped = convention === "dpm-solver" ? 1 : 0;
  if (steps + skipped === 1 && spacing !== "trailing") {
    throw new RangeError(`${spacing} spacing puts 1 step at the clean end; take trailing spacing`);
  }
  if (steps + skipped > levels && spacing !== "trailing") {
    throw new RangeError(
      `${spacing} spacing without level 0 has at most ${levels - 1} levels, not ${steps}; take trailing spacing`,
    );
  }
  const level = {
    leading: (k: number) => (steps - 1 - k + skipped) * Math.floor(levels / (steps + skipped)) + offset,
    // As numpy's arange adds it up, which decides the ties.
    trailing: (k: number) => roundHalfEven(levels + k * (levels - levels / steps - levels)) - 1,
    linspace: (k: number) =>
      roundHalfEven((steps - 1 - k + skipped) * ((levels - 1) / (steps - 1 + skipped))),
  }[spacing];
  const grid = Int32Array.from({ length: steps }, (_, k) => level(k));
  checkGrid(grid, levels);
  return grid;
}

/** Every level of the schedule, noisiest first. */
export function fullGrid(levels: number): Int32Array {
  return Int32Array.from({ length: levels }, (_, i) => levels - 1 - i);
}

/** @throws RangeError unless the grid decreases strictly within 0 … levels - 1. */
export function checkGrid(grid: Int32Array, levels: number): void {
  if (grid.length === 0) throw new RangeError("a grid needs at least 1 level, not 0");
  grid.forEach((level, i) => {
    if (level < 0 || level >= levels) {
      throw new RangeError(`level ${level} of a grid lies outside the schedule's 0 to ${levels - 1}`);
    }
    if (i > 0 && level >= grid[i - 1]) {
      throw new RangeError(`a grid goes from noisy to clean: level ${level} cannot follow ${grid[i - 1]}`);
    }
  });
}

/** To the nearest whole number, ties to the even one, as numpy rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
