import { createRule } from "../inference/rule-settings.js";
import { createSolver, type SolverOptions } from "../inference/settings.js";
import { drawNoise, GaussianStream } from "../sampling/noise.js";
import { squaredCosine } from "../sampling/schedule.js";
import { sequential } from "../sampling/solvers/sequential.js";
import { lastIterate, type Problem, type Solver } from "../sampling/solvers/solver.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { type Contender, contender, solverId } from "./contenders.js";
import { failureSignatures } from "./failure-signatures.js";
import { denoiserOf, distanceByChance, distanceToLaw, KNOWN_LAWS, type KnownLaw } from "./known-law.js";
import { follow, sweepsWithin } from "./solve-trace.js";

export const CONVERGED = 1e-3;
/** A followed solve has settled: what else it changes is far below {@link CONVERGED}. */
const SETTLED = { residual: CONVERGED / 1000, error: CONVERGED };

export interface ConvergenceRow {
  readonly law: string;
  readonly name: string;
  readonly solver: string;
  readonly rule: string;
  readonly steps: number;
  readonly samples: number;
  /**
   * First sweep from which the sample stays within {@link CONVERGED} of the sequential one, over those that get there;
   * null where the solver is exact in law only.
   */
  readonly sweeps_to_tolerance: { readonly mean: number; readonly p90: number } | null;
  readonly unconverged: number;
  /** Of the solver as it stops by itself. */
  readonly sweeps_accepted: number;
  readonly evals_mean: number;
  /** Distance of its samples to the known law, that of the sequential ones, and what chance alone may bring about. */
  readonly ks: number;
  readonly ks_sequential: number;
  readonly ks_chance: number;
  readonly verdicts: readonly string[];
}

interface Runner {
  readonly contender: Contender;
  /** Tolerance with which it can be followed until it has converged; its own unless told. */
  readonly tight?: number;
}

/** As published, and with a tolerance under which they go on until they have converged. */
function runners(rule: SolverOptions["rule"]): Runner[] {
  const runner = (name: string, options: SolverOptions, tight?: number): Runner => ({
    contender: contender(name, { ...options, rule }, false),
    ...(tight === undefined ? {} : { tight }),
  });
  return [
    runner("sequential", { name: "sequential" }),
    runner("Picard, window 20", { name: "picard", window: 20, tolerance: 0.1 }, CONVERGED),
    runner("Picard, all at once", { name: "picard", window: 1000, tolerance: 0.1 }, CONVERGED),
    runner("SRDS", { name: "parareal", pipelined: false, tolerance: 0.05 }, 0),
    runner("SRDS pipelined", { name: "parareal", tolerance: 0.05 }, 0),
    runner("ParaTAA", { name: "anderson", tolerance: 0.002 }, CONVERGED / 10),
    runner("speculative", { name: "speculative" }),
    runner("semilinear x0", { slope: "x0" }, 0),
    runner("semilinear Gaussian", { slope: "gaussian" }, 0),
    runner("semilinear secant", { slope: "secant" }, 0),
  ];
}

export interface ConvergencePlan {
  readonly rule: "ddpm" | "ddim" | "dpm-solver";
  readonly chains: readonly number[];
  /** Per law and chain. */
  readonly samples: number;
  readonly seed: number;
}

/** Solves diffusions on the line whose answer is known, with every solver and for several lengths of the chain. */
export async function benchConvergence(
  { rule: name, chains, samples, seed }: ConvergencePlan,
  progress: (what: string) => void,
): Promise<ConvergenceRow[]> {
  const rows: ConvergenceRow[] = [];
  for (const law of KNOWN_LAWS) {
    for (const levels of chains) {
      const problems = problemsOf(law, name, levels, samples, seed);
      const exact: Float64Array[] = [];
      for (const problem of problems) exact.push((await lastIterate(sequential(), problem)).chunk.slice());
      const ks_sequential = distanceToLaw(
        exact.map(([value]) => value),
        law,
      );
      for (const runner of runners({ name })) {
        progress(`${law.name}, ${levels} steps, ${runner.contender.name}`);
        const row = await measure(runner, problems, exact, law);
        const { steps } = problems[0].rule;
        const ks_chance = distanceByChance(samples);
        const full = { law: law.name, rule: name, steps, samples, ...row, ks_sequential, ks_chance };
        rows.push({ ...full, verdicts: verdictsOf(full) });
      }
    }
  }
  return rows;
}

function problemsOf(
  law: KnownLaw,
  name: ConvergencePlan["rule"],
  levels: number,
  samples: number,
  seed: number,
): Problem[] {
  const schedule = squaredCosine(levels);
  const rule = createRule({ name, spacing: "trailing" }, schedule);
  const denoiser = denoiserOf(law, schedule);
  return Array.from({ length: samples }, (_, k) => ({
    rule,
    denoiser,
    noise: drawNoise(rule.steps, 1, new GaussianStream(seed, k)),
  }));
}

type Measured = Pick<
  ConvergenceRow,
  "name" | "solver" | "sweeps_to_tolerance" | "unconverged" | "sweeps_accepted" | "evals_mean" | "ks"
>;

async function measure(
  { contender: { name, settings, lawOnly }, tight }: Runner,
  problems: readonly Problem[],
  exact: readonly Float64Array[],
  law: KnownLaw,
): Promise<Measured> {
  const solver = createSolver(settings);
  const thorough: Solver = createSolver(tight === undefined ? settings : { ...settings, tolerance: tight });
  const found: number[] = [];
  const accepted: number[] = [];
  const evaluations: number[] = [];
  const arrived: number[] = [];
  for (const [k, problem] of problems.entries()) {
    const last = await lastIterate(solver, problem);
    found.push(last.chunk[0]);
    accepted.push(last.sweeps);
    evaluations.push(last.evaluations);
    if (lawOnly) continue;
    const whole = { chunk: exact[k], executed: [0, exact[k].length] } as const;
    const path = await follow(thorough, problem, whole, SETTLED);
    const sweeps = sweepsWithin(path, CONVERGED);
    if (sweeps !== undefined && sweeps <= problem.rule.steps) arrived.push(sweeps);
  }
  return {
    name,
    solver: solverId(settings, false),
    sweeps_to_tolerance: lawOnly ? null : { mean: mean(arrived), p90: quantile(arrived, 0.9) },
    unconverged: lawOnly ? 0 : 1 - arrived.length / problems.length,
    sweeps_accepted: mean(accepted),
    evals_mean: mean(evaluations),
    ks: distanceToLaw(found, law),
  };
}

function verdictsOf(row: Omit<ConvergenceRow, "verdicts">): string[] {
  const { ks, ks_sequential, ks_chance } = row;
  const verdicts = failureSignatures(row);
  if (ks > ks_chance && ks > ks_sequential + ks_chance) {
    verdicts.push(
      `samples of another law: a distance of ${ks.toFixed(3)}, sequential ${ks_sequential.toFixed(3)}`,
    );
  }
  return verdicts;
}
