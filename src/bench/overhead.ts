import type { PolicyNetwork } from "../inference/policy-network.js";
import { createRule } from "../inference/rule-settings.js";
import { createSolver } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import { middleObservation } from "../policy/manifest.js";
import { cleanFromNoise, type NoiseNetwork } from "../sampling/denoiser.js";
import { GaussianStream } from "../sampling/noise.js";
import { squaredCosine } from "../sampling/schedule.js";
import type { Problem, Solver } from "../sampling/solvers/solver.js";
import { type Carried, warmStart } from "../sampling/warm-start.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { bytesAllocated } from "./allocations.js";
import { contender, contendersFor } from "./contenders.js";

/** Sweeps of a usual warm solve; what a tick costs once is spread over them. */
const SWEEPS = 4;
/** Solves that are not counted: the compiler is still at work. */
const WARMUPS = 30;
/** Solves with the real network. */
const NETWORK_ROUNDS = 12;
/** Sweeps and solves over which memory is watched, so that what a sweep leaves behind adds up. */
const WATCHED_SWEEPS = 40;
const WATCHED_SOLVES = 12;

export interface OverheadRow {
  readonly name: string;
  /** Mean batch of the sweeps. */
  readonly batch: number;
  /** Of one sweep: scan, slopes, residuals, and predictions made of the network's noise. */
  readonly solver_ms: number;
  /** Noise and warm start of a tick, a share of it for each sweep. */
  readonly noise_ms: number;
  readonly network_ms: number;
  /** Part of a sweep's time that is not the network's. */
  readonly share: number;
  /** Typed arrays made per sweep, after the first. */
  readonly buffer_bytes_per_sweep: number;
  /** Small objects made per sweep: iterates, promises, views. */
  readonly heap_bytes_per_sweep: number;
}

/** Times what a sweep does besides calling the network, and weighs what it leaves to the garbage collector. */
export async function benchOverhead(
  { manifest, calibration }: Bundle,
  network: PolicyNetwork,
  solves: number,
  progress: (what: string) => void,
): Promise<OverheadRow[]> {
  const schedule = squaredCosine(manifest.diffusion.levels);
  const { levels, clip } = manifest.diffusion;
  const isCalibrated = calibration !== undefined;
  const wide = { window: levels, tolerance: 0 };
  const contenders = [
    ...contendersFor(levels, isCalibrated, {
      only: [...(isCalibrated ? ["semilinear calibrated"] : []), "semilinear secant", "semilinear x0"],
    }),
    contender("ParaDDPM, window of all", { name: "picard", ...wide }, isCalibrated),
    contender("ParaTAA", { name: "anderson", tolerance: 0 }, isCalibrated),
    contender("SRDS pipelined", { name: "parareal", tolerance: 0 }, isCalibrated),
    contender("speculative, window of all", { name: "speculative", window: levels }, isCalibrated),
  ];
  // The normaliser's middle is 0.
  network.observe(new Float64Array(middleObservation(manifest).length));
  const rows: OverheadRow[] = [];
  for (const { name, settings } of contenders) {
    progress(name);
    const solver = createSolver({ ...settings, tolerance: 0 }, calibration?.response);
    const rule = createRule(settings.rule, schedule);
    const denoiser = cleanFromNoise(freeNetwork(network), schedule, clip);
    let carried: Carried | undefined;
    const draw = (tick: number): Problem => {
      const coupling = settings.name === "speculative" ? 0 : 1;
      const { noise, start } = warmStart(
        network.shape,
        rule.steps,
        carried,
        8,
        coupling,
        new GaussianStream(0, tick),
      );
      carried = { noise, clean: start ?? new Float64Array(rule.steps * noise.initial.length) };
      return { rule, denoiser, noise, ...(start ? { start } : {}) };
    };
    const { solverMs, noiseMs, batch } = await timeSolves(solver, draw, solves);
    const networkMs = await timeNetwork(network, (timed) => {
      const { denoiser: _free, ...problem } = draw(-1);
      return solver({ ...problem, denoiser: cleanFromNoise(timed, schedule, clip) });
    });
    const memory = await watchMemory(solver, draw(-1));
    const outside = solverMs + noiseMs;
    rows.push({
      name,
      batch,
      solver_ms: solverMs,
      noise_ms: noiseMs,
      network_ms: networkMs,
      share: outside / (outside + networkMs),
      ...memory,
    });
  }
  return rows;
}

/** Answers at once, and with numbers of the right size. */
function freeNetwork({ shape }: NoiseNetwork): NoiseNetwork {
  const size = shape.horizon * shape.dim;
  return {
    shape,
    predictNoise(states, _levels, rows, out) {
      for (let k = 0; k < rows * size; k++) out[k] = states[k];
    },
  };
}

async function timeSolves(
  solver: Solver,
  draw: (tick: number) => Problem,
  solves: number,
): Promise<{ solverMs: number; noiseMs: number; batch: number }> {
  const solving: number[] = [];
  const drawing: number[] = [];
  const batches: number[] = [];
  for (let tick = -WARMUPS; tick < solves; tick++) {
    const began = performance.now();
    const problem = draw(tick + WARMUPS);
    const drawn = performance.now();
    let done = { sweeps: 0, evaluations: 0 };
    for await (const { sweeps, evaluations } of solver(problem)) {
      done = { sweeps, evaluations };
      if (sweeps === SWEEPS) break;
    }
    if (tick < 0) continue;
    drawing.push((drawn - began) / done.sweeps);
    solving.push((performance.now() - drawn) / done.sweeps);
    batches.push(done.evaluations / done.sweeps);
  }
  return { solverMs: quantile(solving, 0.5), noiseMs: quantile(drawing, 0.5), batch: mean(batches) };
}

/** Time of one sweep's call, in solves of the same shape. */
async function timeNetwork(
  network: NoiseNetwork,
  solve: (network: NoiseNetwork) => ReturnType<Solver>,
): Promise<number> {
  let calling = 0;
  const timed: NoiseNetwork = {
    shape: network.shape,
    async predictNoise(states, levels, rows, out) {
      const began = performance.now();
      await network.predictNoise(states, levels, rows, out);
      calling += performance.now() - began;
    },
  };
  const perSweep: number[] = [];
  for (let round = 0; round < NETWORK_ROUNDS; round++) {
    calling = 0;
    let done = 0;
    for await (const { sweeps } of solve(timed)) {
      done = sweeps;
      if (sweeps === SWEEPS) break;
    }
    // The first call of a batch size allocates.
    if (round > 0) perSweep.push(calling / done);
  }
  return quantile(perSweep, 0.5);
}

/**
 * What a sweep leaves to the garbage collector, once the compiler is done: typed arrays by their growth after the first
 * sweep, small objects by sampling what is put on the heap, collected since or not.
 */
async function watchMemory(
  solver: Solver,
  problem: Problem,
): Promise<Pick<OverheadRow, "buffer_bytes_per_sweep" | "heap_bytes_per_sweep">> {
  const buffers: number[] = [];
  let sweepsDone = 0;
  const solve = async (): Promise<void> => {
    let first = 0;
    let sweeps = 0;
    for await (const iterate of solver(problem)) {
      sweeps = iterate.sweeps;
      if (sweeps === 1) first = process.memoryUsage().arrayBuffers;
      if (sweeps === WATCHED_SWEEPS) break;
    }
    sweepsDone += sweeps;
    if (sweeps > 1) buffers.push((process.memoryUsage().arrayBuffers - first) / (sweeps - 1));
  };
  for (let k = 0; k < WARMUPS; k++) await solve();
  buffers.length = 0;
  sweepsDone = 0;
  const bytes = await bytesAllocated(async () => {
    for (let k = 0; k < WATCHED_SOLVES; k++) await solve();
  });
  return {
    buffer_bytes_per_sweep: Math.max(0, quantile(buffers, 0.5)),
    heap_bytes_per_sweep: bytes / sweepsDone,
  };
}
