import { calibratedShape } from "../policy/bundle.js";
import { CALIBRATION_FILE, type CalibratedShape, type Calibration, guessFor } from "../policy/calibration.js";
import { ConfigurationError } from "../policy/errors.js";
import { float32Limits } from "../policy/float32.js";
import { joinedRanges, type Manifest } from "../policy/manifest.js";
import { LimitsNormalizer } from "../policy/normalizer.js";
import type { ChunkShape, Denoiser } from "../sampling/denoiser.js";
import { frozen } from "../sampling/frozen.js";
import { GaussianStream } from "../sampling/noise.js";
import type { Rule } from "../sampling/rules/rule.js";
import { squaredCosine } from "../sampling/schedule.js";
import type { Iterate, Problem, Solver } from "../sampling/solvers/solver.js";
import { type Carried, warmStart } from "../sampling/warm-start.js";
import { monotonicMs } from "../time/clock.js";
import { createRule } from "./rule-settings.js";
import { couplingOf, createSolver, type SolverSettings } from "./settings.js";
import {
  type Candidate,
  type FailedTick,
  NO_TIME,
  type SolveTimings,
  type TickRequest,
  type TickResult,
} from "./tick.js";

/** A denoiser for one policy, told the observation before each solve. */
export interface ConditionedDenoiser extends Denoiser {
  /** @param observation [To · O], normalised, oldest first. */
  observe(observation: Float64Array): void;
  /** Milliseconds that its network has run so far. */
  readonly networkMs: number;
}

/** How a solve is watched from outside. Both are called between sweeps. */
export interface SolveOptions {
  /** Whether to end it; asked before the first sweep too. */
  readonly stopped?: () => boolean;
  /** Takes the chunk as it stands after a sweep, the accepted one included; nobody else writes to it. */
  readonly publish?: (candidate: Candidate) => void;
  /** Answers in the place of the solver's own denoiser: its part in calls that several solves make together. */
  readonly denoiser?: ConditionedDenoiser;
}

/** What a session leaves to its next tick. */
interface Kept extends Carried {
  /** Control steps that were executed before ticks which ended without a sweep. */
  readonly executed: number;
}

/**
 * A chunk that was cut short is executed only below this residual, the largest at which none of 1,599 solves on PushT was
 * in another plan: 8 were further off than 0.05, none further than 0.2 (`parapilot bench acceptance`). Unconverged cold
 * iterates, which score near zero on PushT, have residuals around 1, and the first one of a calibrated cold solve has
 * none: they never pass.
 */
export const SAFE_RESIDUAL = 0.03;

/**
 * Solves ticks: normalise, start from the previous tick, sweep until accepted or stopped, denormalise. Owns what is
 * carried between the ticks of every session. The same requests in the same order give the same chunks, bit for bit; a
 * solve that was stopped after k sweeps counts as one with `maxSweeps` k. Solves of different sessions may go on at the same
 * time if each is given a denoiser.
 *
 * @example
 * const solver = new TickSolver(manifest, denoiser, settings);
 * const tick = await solver.solve({ session: "arm", episode: 0, tick: 0, executed: null, observation });
 */
export class TickSolver {
  readonly #manifest: Manifest;
  readonly #denoiser: ConditionedDenoiser;
  #settings: SolverSettings;
  readonly #rule: Rule;
  #solver: Solver;
  readonly #shape: ChunkShape;
  /** Rows of the horizon before that of the newest observation. */
  readonly #past: number;
  readonly #observations: LimitsNormalizer;
  readonly #actions: LimitsNormalizer;
  readonly #limits: readonly ReturnType<typeof float32Limits>[];
  readonly #calibration: Calibration | undefined;
  readonly #kept = new Map<string, Kept>();

  /** @throws ConfigurationError when the settings ask for what the policy does not have. */
  constructor(
    manifest: Manifest,
    denoiser: ConditionedDenoiser,
    settings: SolverSettings,
    calibration?: Calibration,
  ) {
    this.#manifest = manifest;
    this.#denoiser = denoiser;
    this.#settings = settings;
    this.#calibration = calibration;
    if (calibration) checkShape(calibration, manifest);
    this.#rule = createRule(settings.rule, squaredCosine(manifest.diffusion.levels));
    this.#solver = createSolver(settings, calibration?.response);
    this.#shape = denoiser.shape;
    this.#past = manifest.n_obs_steps - 1;
    this.#observations = new LimitsNormalizer(joinedRanges(manifest));
    this.#actions = new LimitsNormalizer(manifest.normalizer.action);
    this.#limits = manifest.action.map(float32Limits);
  }

  /**
   * Solves like that from the next tick on; what is carried between ticks stays, as do rule and seed.
   *
   * @throws ConfigurationError when the settings ask for what the policy does not have; nothing has changed then.
   */
  adjust(settings: SolverSettings): void {
    const { rule, seed } = this.#settings;
    this.#solver = createSolver(settings, this.#calibration?.response);
    this.#settings = { ...settings, rule, seed };
  }

  /** @throws RangeError on executed steps or frozen actions that cannot be; they are errors of the program. */
  async solve(
    request: TickRequest,
    { stopped = () => false, publish = () => {}, denoiser = this.#denoiser }: SolveOptions = {},
  ): Promise<TickResult> {
    const { maxSweeps = Number.POSITIVE_INFINITY, session } = request;
    const began = monotonicMs();
    const kept = this.#keptFor(request);
    if (maxSweeps <= 0 || stopped()) {
      if (kept) this.#kept.set(session, kept);
      else this.#kept.delete(session);
      return stoppedAfter({ residual: Number.POSITIVE_INFINITY, sweeps: 0, evaluations: 0 }, NO_TIME);
    }
    const seen = this.#observations.normalize(request.observation.slice());
    const known = this.#actions.normalize((request.frozen ?? NOTHING).slice());
    denoiser.observe(seen);
    const observed = monotonicMs();
    const networkBefore = denoiser.networkMs;
    const { problem, isWarm } = this.#pose(request, kept, seen, known, denoiser);
    const start = isWarm ? "warm" : "cold";
    const sweeps: number[] = [];
    let denormalise = 0;
    const timings = (): SolveTimings => ({
      queue: 0,
      normalise: observed - began,
      solve: monotonicMs() - observed - denormalise,
      sweeps,
      network: denoiser.networkMs - networkBefore,
      denormalise,
      deliver: 0,
    });

    let last: Iterate | undefined;
    let chunk: Chunk | undefined;
    let resumed = monotonicMs();
    for await (const iterate of this.#solver(problem)) {
      const swept = monotonicMs();
      sweeps.push(swept - resumed);
      last = iterate;
      if (!isSound(iterate)) break;
      chunk = this.#physical(iterate.chunk, request.frozen);
      const { residual, sweeps: done, evaluations } = iterate;
      publish({ ...chunk, start, residual, sweeps: done, evaluations });
      resumed = monotonicMs();
      denormalise += resumed - swept;
      if (iterate.accepted || done >= maxSweeps || stopped()) break;
    }
    if (!last) throw new Error("a solver ended without an iterate");

    const figures = { residual: last.residual, sweeps: last.sweeps, evaluations: last.evaluations };
    if (!chunk || !isSound(last)) {
      this.#kept.delete(session);
      return {
        outcome: "not-finite",
        message: `the network gave a value that is not finite after ${last.sweeps} sweeps; check the observation's range against the normaliser`,
        ...figures,
        timings: timings(),
      };
    }
    // Kept even when the chunk is not: the next tick goes on from here, so that time too short for a cold solve is made
    // up over several ticks.
    this.#kept.set(session, { clean: last.clean, noise: problem.noise, executed: 0 });
    if (!last.accepted) return stoppedAfter(figures, timings());
    return { outcome: "accepted", ...chunk, start, ...figures, timings: timings() };
  }

  /** Drops what a session carries. */
  forget(session: string): void {
    this.#kept.delete(session);
  }

  /** What the request starts from, with the steps executed since it was solved. */
  #keptFor({ session, executed }: TickRequest): Kept | undefined {
    if (executed === null) return undefined;
    if (!Number.isInteger(executed) || executed < 0) {
      throw new RangeError(`executed steps are a whole number ≥ 0, not ${executed}`);
    }
    const kept = this.#kept.get(session);
    return kept && { ...kept, executed: kept.executed + executed };
  }

  #pose(
    { episode, tick }: TickRequest,
    kept: Kept | undefined,
    seen: Float64Array,
    known: Float64Array,
    network: ConditionedDenoiser,
  ) {
    const shape = this.#shape;
    const rule = this.#rule;
    const denoiser = known.length > 0 ? frozen(network, known, this.#past) : network;
    const stream = new GaussianStream(this.#settings.seed, tickStream(episode, tick));
    const coupling = couplingOf(this.#settings);
    const { noise, start } = warmStart(shape, rule.steps, kept, kept?.executed ?? 0, coupling, stream);
    const isWarm = this.#settings.warm && start !== undefined;
    const problem: Problem = { rule, denoiser, noise };
    if (isWarm) return { isWarm, problem: { ...problem, start } };
    const guess = this.#calibration && guessFor(this.#calibration, seen, this.#offset());
    return { isWarm, problem: guess ? { ...problem, guess } : problem };
  }

  /** New for every cold solve, because several may go on at the same time. */
  #offset(): Float64Array {
    const { horizon, dim } = this.#shape;
    return new Float64Array(this.#manifest.diffusion.levels * horizon * dim);
  }

  #physical(chunk: Float64Array, known = NOTHING): Chunk {
    const dim = this.#shape.dim;
    const wanted = this.#actions.denormalize(chunk.slice(this.#past * dim));
    // To normalise and back again would cost them a bit.
    wanted.set(known);
    const actions = new Float32Array(wanted.length);
    let clipped = 0;
    for (let k = 0; k < actions.length; k++) {
      const { min, max } = this.#manifest.action[k % dim];
      const { lowest, highest } = this.#limits[k % dim];
      const inside = Math.min(max, Math.max(min, wanted[k]));
      if (Math.fround(inside) !== Math.fround(wanted[k])) clipped += 1;
      actions[k] = Math.min(highest, Math.max(lowest, inside));
    }
    return { actions, clipped };
  }
}

const NOTHING: Float64Array = new Float64Array();

type Chunk = Pick<Candidate, "actions" | "clipped">;
type Figures = Pick<FailedTick, "residual" | "sweeps" | "evaluations">;

function isSound({ chunk, residual }: Iterate): boolean {
  return chunk.every(Number.isFinite) && !Number.isNaN(residual);
}

function stoppedAfter(figures: Figures, timings: SolveTimings): FailedTick {
  const message = `ended before its chunk was accepted, after ${figures.sweeps} sweeps with a residual of ${figures.residual.toPrecision(2)}`;
  return { outcome: "stopped", message, ...figures, timings };
}

function checkShape({ shape }: Calibration, manifest: Manifest): void {
  const wanted = calibratedShape(manifest);
  if (
    shape.levels === wanted.levels &&
    shape.chunk === wanted.chunk &&
    shape.observation === wanted.observation
  )
    return;
  const sizes = (of: CalibratedShape) =>
    `${of.levels} levels, chunks of ${of.chunk} and observations of ${of.observation} values`;
  throw new ConfigurationError(
    `${CALIBRATION_FILE} is for ${sizes(shape)}, policy.yaml for ${sizes(wanted)}; run parapilot calibrate again, or delete the file`,
  );
}

/** A stream number for every tick of every episode; the odd multiplier spreads neighbouring episodes apart. */
function tickStream(episode: number, tick: number): number {
  return (Math.imul(episode, 0x9e3779b1) + tick) >>> 0;
}
