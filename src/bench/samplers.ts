import type { World } from "../../sim/world.js";
import type { PolicyNetwork } from "../inference/policy-network.js";
import { createRule, describeRule } from "../inference/rule-settings.js";
import { createSolver } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import { executedValues } from "../policy/manifest.js";
import type { Rule } from "../sampling/rules/rule.js";
import { squaredCosine } from "../sampling/schedule.js";
import { sequential } from "../sampling/solvers/sequential.js";
import type { Problem, Solver } from "../sampling/solvers/solver.js";
import type { Contender, Start } from "./contenders.js";
import { failureSignatures } from "./failure-signatures.js";
import { type PolicyTick, policyTicks } from "./policy-ticks.js";
import { type Sample, type SamplerRow, summariseSamples } from "./sampler-row.js";
import { type AcceptedSolve, type Exact, follow, solveOnTheClock } from "./solve-trace.js";

/** Control steps between two states of an episode, so that they differ. */
const STATES_EVERY = 24;

/** Tolerance of a solve that is followed beyond its acceptance; at 0 a calibrated first sweep would not be coarse. */
const FOLLOWED = 1e-9;

/** What is measured, and on what. */
export interface Bench {
  readonly bundle: Bundle;
  readonly network: PolicyNetwork;
  /** Called for every loop, since each needs a world of its own. */
  readonly openWorld: () => Promise<World>;
}

export interface SamplerPlan {
  /** How many per rule and stride. */
  readonly states: number;
  readonly strides: readonly number[];
  readonly seed: number;
}

/** The contenders that sample one rule: they meet at the same states, with the same noise. */
interface Heat {
  readonly rule: Rule;
  readonly runners: readonly Runner[];
}

interface Runner {
  readonly contender: Contender;
  readonly solver: Solver;
  /** The same without its stopping rule, where that does not change what the sweeps do. */
  readonly endless: Solver | undefined;
}

/**
 * Measures contenders on states that the policy itself reaches in the world, cold and after each stride of executed
 * steps, against the sequential sample of the same rule with the same noise. Every rule drives a world of its own; they
 * take turns state by state, so that a machine that is busy for a while is busy for all of them.
 *
 * @param progress called after each state.
 * @throws ConfigurationError when a chunk does not reach as far as a stride.
 */
export async function benchSamplers(
  { bundle, network, openWorld }: Bench,
  contenders: readonly Contender[],
  { states, strides, seed }: SamplerPlan,
  progress: (what: string) => void,
): Promise<SamplerRow[]> {
  const { manifest, calibration } = bundle;
  const heats = heatsOf(contenders, bundle);
  const rows: SamplerRow[] = [];
  const executed = executedValues(manifest);
  for (const [pass, stride] of strides.entries()) {
    // A cold solve does not depend on the stride: one pass measures it.
    const startsOf = ({ starts }: Contender) => starts.filter((start) => start === "warm" || pass === 0);
    const under = heats.filter(({ runners }) =>
      runners.some(({ contender }) => startsOf(contender).length > 0),
    );
    const running = await Promise.all(
      under.map(async ({ rule, runners }) => {
        const options = { rule, ...(calibration ? { calibration } : {}) };
        const ticks = apart(policyTicks(await openWorld(), network, manifest, stride, seed, options));
        return { rule, runners, ticks };
      }),
    );
    const samples = new Map<string, Sample[]>();
    for (let state = 0; state < states; state++) {
      for (const { rule, runners, ticks } of running) {
        progress(`stride ${stride}, state ${state + 1}/${states}, ${rule.name} of ${rule.steps} steps`);
        const tick = await ticks.next();
        if (tick.done) throw new Error("the episodes ended");
        const { cold, warm } = tick.value;
        const { chunk, ms } = await solveExactly(cold);
        const exact = { chunk, executed };
        for (const runner of runners) {
          for (const start of startsOf(runner.contender)) {
            const sample = await measure(runner, start === "cold" ? cold : warm, exact, ms);
            const key = `${runner.contender.name}/${start}`;
            samples.set(key, [...(samples.get(key) ?? []), sample]);
          }
        }
      }
    }
    for (const { rule, runners } of running) {
      for (const { contender } of runners) {
        for (const start of startsOf(contender)) {
          const list = samples.get(`${contender.name}/${start}`) ?? [];
          const { steps } = rule;
          const row = summariseSamples(contender, steps, start, stride, list, calibration !== undefined);
          rows.push({ ...row, verdicts: failureSignatures(row) });
        }
      }
    }
  }
  return inOrder(rows, contenders);
}

function heatsOf(contenders: readonly Contender[], { manifest, calibration }: Bundle): Heat[] {
  const schedule = squaredCosine(manifest.diffusion.levels);
  const groups = new Map<string, Contender[]>();
  for (const contender of contenders) {
    const key = describeRule(contender.settings.rule);
    groups.set(key, [...(groups.get(key) ?? []), contender]);
  }
  return [...groups.values()].map((group) => ({
    rule: createRule(group[0].settings.rule, schedule),
    runners: group.map((contender) => {
      const { settings } = contender;
      const solver = createSolver(settings, calibration?.response);
      // Of the others the tolerance decides where the window moves.
      const canFollow = settings.name === "semilinear" || settings.name === "parareal";
      const endless = canFollow
        ? createSolver({ ...settings, tolerance: FOLLOWED }, calibration?.response)
        : undefined;
      return { contender, solver, endless };
    }),
  }));
}

/**
 * Ticks so far apart that their states differ, none the first of its episode. Short episodes are counted through, or every
 * one of them would show the same moment.
 */
export async function* apart(
  ticks: AsyncGenerator<PolicyTick, never, void>,
): AsyncGenerator<PolicyTick, void, void> {
  let waited = 0;
  let before = 0;
  for await (const tick of ticks) {
    if (tick.step > 0) waited += tick.step - before;
    before = tick.step;
    if (tick.step === 0 || waited < STATES_EVERY) continue;
    waited = 0;
    yield tick;
  }
}

async function solveExactly(problem: Problem): Promise<{ chunk: Float64Array; ms: number }> {
  const began = performance.now();
  for await (const { accepted, chunk } of sequential()(problem)) {
    if (accepted) return { chunk: chunk.slice(), ms: performance.now() - began };
  }
  throw new Error("sequential sampling did not end");
}

async function measure(
  { solver, endless }: Runner,
  problem: Problem,
  exact: Exact,
  sequentialMs: number,
): Promise<Sample> {
  const solve: AcceptedSolve = await solveOnTheClock(solver, problem, exact);
  const path = endless ? await follow(endless, problem, exact) : solve.path;
  return { solve, path, sequentialMs };
}

/** By contender, as they were given; cold before warm, strides as they were given. */
function inOrder(rows: readonly SamplerRow[], contenders: readonly Contender[]): SamplerRow[] {
  const starts: readonly Start[] = ["cold", "warm"];
  return contenders.flatMap(({ name }) =>
    starts.flatMap((start) => rows.filter((row) => row.name === name && row.start === start)),
  );
}
