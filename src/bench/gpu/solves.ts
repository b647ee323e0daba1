import type { World } from "../../../sim/world.js";
import type { PolicyNetwork } from "../../inference/policy-network.js";
import type { Bundle } from "../../policy/bundle.js";
import { executedValues } from "../../policy/manifest.js";
import { cleanFromNoise } from "../../sampling/denoiser.js";
import { GaussianStream } from "../../sampling/noise.js";
import { squaredCosine } from "../../sampling/schedule.js";
import { sequential } from "../../sampling/solvers/sequential.js";
import { largestChange, lastIterate, type Problem } from "../../sampling/solvers/solver.js";
import { warmStart } from "../../sampling/warm-start.js";
import { type PolicyTick, policyTicks } from "../policy-ticks.js";
import { apart } from "../samplers.js";
import { solveOnTheClock } from "../solve-trace.js";
import type { CallPattern } from "./call-pattern.js";
import { type Runner, STRIDES } from "./runners.js";

const FIRST_SEED = 100_000;

/** One solve of one runner. */
export interface SolveSample {
  readonly runner: Runner;
  readonly pattern: CallPattern;
  readonly ms: number;
  /** Of it, in network calls. */
  readonly network_ms: number;
  /** Of the executed actions, from the sequential sample with the same noise on the same provider; null for DDIM. */
  readonly error: number | null;
  /** From that of the CPU; null on the CPU itself. */
  readonly cpu_error: number | null;
}

/**
 * Solves of a policy at states that it reaches in its world, one state after another and every runner at each, so that
 * a machine that is busy for a while is busy for all of them. Each parallel solve is done twice and its second time counts:
 * the first meets batch sizes that the provider has not seen.
 */
export async function* solvesOf(
  bundle: Bundle,
  network: PolicyNetwork,
  reference: PolicyNetwork | undefined,
  runners: readonly Runner[],
  openWorld: () => Promise<World>,
): AsyncGenerator<readonly SolveSample[], never, void> {
  const { manifest, calibration } = bundle;
  const options = calibration ? { calibration } : {};
  const loops = await Promise.all(
    STRIDES.map(async (stride) => ({
      stride,
      ticks: apart(policyTicks(await openWorld(), network, manifest, stride, FIRST_SEED, options)),
    })),
  );
  for (;;) {
    const samples: SolveSample[] = [];
    for (const [pass, { stride, ticks }] of loops.entries()) {
      const { value: tick } = await ticks.next();
      if (!tick) throw new Error("the episodes ended");
      // Cold solves do not depend on the stride: the first pass measures them.
      const due = runners.filter((runner) =>
        runner.start === "cold" ? pass === 0 : runner.stride === stride,
      );
      samples.push(...(await solveAll(bundle, network, reference, due, tick)));
    }
    yield samples;
  }
}

async function solveAll(
  { manifest }: Bundle,
  network: PolicyNetwork,
  reference: PolicyNetwork | undefined,
  runners: readonly Runner[],
  tick: PolicyTick,
): Promise<SolveSample[]> {
  const executed = executedValues(manifest);
  const schedule = squaredCosine(manifest.diffusion.levels);
  // Two loops share the network, and the other one has conditioned it since.
  network.observe(tick.observation);
  const { ms, network_ms, chunk: exact } = await solveSequentially(network, tick.cold);
  let onCpu: Float64Array | undefined;
  if (reference) {
    reference.observe(tick.observation);
    const denoiser = cleanFromNoise(reference, schedule, manifest.diffusion.clip);
    onCpu = (await lastIterate(sequential(), { ...tick.cold, denoiser })).chunk.slice();
  }
  const samples: SolveSample[] = [];
  for (const runner of runners) {
    const problem = problemOf(runner, tick);
    const isSameRule = problem.rule === tick.cold.rule;
    if (isSameRule && !runner.isParallel) {
      const cpu_error = onCpu ? largestChange(exact, onCpu, ...executed) : null;
      const pattern = Array.from({ length: runner.rule.steps }, () => 1);
      samples.push({ runner, pattern, ms, network_ms, error: 0, cpu_error });
      continue;
    }
    const solve = () => solveOnTheClock(runner.solver, problem, { chunk: exact, executed });
    if (runner.isParallel) await solve();
    const before = network.runMs;
    const solved = await solve();
    const spent = network.runMs - before;
    let cpu_error: number | null = null;
    if (isSameRule && onCpu) {
      const { chunk } = await lastIterate(runner.solver, problem);
      cpu_error = largestChange(chunk, onCpu, ...executed);
    }
    samples.push({
      runner,
      pattern: solved.batches,
      ms: solved.ms,
      network_ms: spent,
      error: isSameRule ? solved.error : null,
      cpu_error,
    });
  }
  return samples;
}

/** What every error is measured from, and the time that all others are held against. */
async function solveSequentially(
  network: PolicyNetwork,
  problem: Problem,
): Promise<Pick<SolveSample, "ms" | "network_ms"> & { readonly chunk: Float64Array }> {
  const before = network.runMs;
  const began = performance.now();
  const { chunk } = await lastIterate(sequential(), problem);
  return { ms: performance.now() - began, network_ms: network.runMs - before, chunk: chunk.slice() };
}

function problemOf({ rule, start }: Runner, tick: PolicyTick): Problem {
  const problem = start === "warm" ? tick.warm : tick.cold;
  if (rule.name === problem.rule.name && rule.steps === problem.rule.steps) return problem;
  const { denoiser } = problem;
  const stream = new GaussianStream(tick.seed, tick.step);
  return { rule, denoiser, noise: warmStart(denoiser.shape, rule.steps, undefined, 0, 0, stream).noise };
}
