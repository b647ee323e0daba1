import { calibratedShape } from "../policy/bundle.js";
import { CALIBRATION_FILE, type CalibratedShape, type Calibration, guessFor } from "../policy/calibration.js";
import { ConfigurationError } from "../policy/errors.js";
import { joinedRanges, type Manifest } from "../policy/manifest.js";
import { LimitsNormalizer } from "../policy/normalizer.js";
import type { ChunkShape, Denoiser } from "../sampling/denoiser.js";
import { GaussianStream } from "../sampling/noise.js";
import type { Guess } from "../sampling/response.js";
import type { Rule } from "../sampling/rules/rule.js";
import { squaredCosine } from "../sampling/schedule.js";
import type { Iterate, Solver } from "../sampling/solvers/solver.js";
import { type Carried, warmStart } from "../sampling/warm-start.js";
import { createRule } from "./rule-settings.js";
import { couplingOf, createSolver, type SolverSettings } from "./settings.js";

/** A denoiser for one policy, told the observation before each solve. */
export interface ConditionedDenoiser extends Denoiser {
  /** @param observation [To · O], normalised, oldest first. */
  observe(observation: Float64Array): void;
}

/** What main asks of the inference worker for one tick. */
export interface TickRequest {
  /** Separates robots: each has its own warm start. */
  readonly session: string;
  /** Episode, and tick within it: with the seed they fix the noise, so that a recorded tick can be solved again. */
  readonly episode: number;
  readonly tick: number;
  /** Control steps executed since the previous tick; null forgets it and starts cold. */
  readonly executed: number | null;
  /** [To · O] raw observations, oldest first. */
  readonly observation: Float64Array;
  /** Milliseconds after which no further sweep is begun; null for none. */
  readonly budgetMs: number | null;
}

/** A chunk that may be executed, or the reason why there is none. Neither is an exception. */
export type TickResult = SolvedTick | FailedTick;

export interface SolvedTick {
  readonly outcome: "accepted" | "budget";
  /** [rows · D] in physical units, inside the action limits; row 0 belongs to the newest observation. */
  readonly actions: Float32Array;
  /** Entries that had to be clipped to the action limits. */
  readonly clipped: number;
  readonly start: "cold" | "warm";
  readonly residual: number;
  readonly sweeps: number;
  readonly evaluations: number;
  readonly solveMs: number;
}

export interface FailedTick {
  readonly outcome: "unconverged" | "not-finite" | "stopped" | "worker-failed";
  readonly message: string;
  readonly residual: number;
  readonly sweeps: number;
  readonly evaluations: number;
  readonly solveMs: number;
}

/** Whether a tick has actions to execute. */
export function isSolved(tick: TickResult): tick is SolvedTick {
  return tick.outcome === "accepted" || tick.outcome === "budget";
}

/**
 * A chunk cut short by its budget is executed only below this residual, the largest at which none of 1,599 solves on PushT
 * was in another plan: 8 were further off than 0.05, none further than 0.2 (`parapilot bench acceptance`). Unconverged cold iterates, which score near zero
 * on PushT, have residuals around 1, and the first one of a calibrated cold solve has none: they never pass.
 */
export const SAFE_RESIDUAL = 0.03;

/**
 * Solves ticks: normalise, start from the previous tick, sweep until accepted or out of time, denormalise. Owns what is
 * carried between the ticks of every session.
 *
 * @example
 * const solver = new TickSolver(manifest, denoiser, settings);
 * const tick = await solver.solve({ session: "arm", episode: 0, tick: 0, executed: null, observation, budgetMs: 40 });
 */
export class TickSolver {
  readonly #manifest: Manifest;
  readonly #denoiser: ConditionedDenoiser;
  readonly #settings: SolverSettings;
  readonly #rule: Rule;
  readonly #solver: Solver;
  readonly #shape: ChunkShape;
  readonly #observations: LimitsNormalizer;
  readonly #actions: LimitsNormalizer;
  readonly #calibration: Calibration | undefined;
  readonly #guessOffset: Float64Array;
  readonly #carried = new Map<string, Carried>();

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
    this.#guessOffset = new Float64Array(
      manifest.diffusion.levels * denoiser.shape.horizon * denoiser.shape.dim,
    );
    this.#observations = new LimitsNormalizer(joinedRanges(manifest));
    this.#actions = new LimitsNormalizer(manifest.normalizer.action);
  }

  /** @param stopped polled between sweeps. */
  async solve(request: TickRequest, stopped: () => boolean = () => false): Promise<TickResult> {
    const began = performance.now();
    const { session, episode, tick, executed, observation, budgetMs } = request;
    const seen = this.#observations.normalize(observation.slice());
    this.#denoiser.observe(seen);
    const stream = new GaussianStream(this.#settings.seed, tickStream(episode, tick));
    const carried = executed === null ? undefined : this.#carried.get(session);
    const { warm } = this.#settings;
    const { noise, start } = warmStart(
      this.#shape,
      this.#rule.steps,
      carried,
      executed ?? 0,
      couplingOf(this.#settings),
      stream,
    );
    const warmed = warm && start !== undefined;

    let last: Iterate | undefined;
    let ending: "accepted" | "budget" | "stopped" = "budget";
    const problem = {
      rule: this.#rule,
      denoiser: this.#denoiser,
      noise,
      ...(warmed ? { start } : this.#guess(seen)),
    };
    for await (const iterate of this.#solver(problem)) {
      last = iterate;
      if (iterate.accepted) ending = "accepted";
      else if (Number.isNaN(iterate.residual)) break;
      else if (stopped()) ending = "stopped";
      else if (budgetMs === null || performance.now() - began < budgetMs) continue;
      break;
    }
    if (!last) throw new Error("a solver ended without an iterate");

    const { residual, sweeps, evaluations } = last;
    const figures = { residual, sweeps, evaluations };
    const fail = (outcome: FailedTick["outcome"], message: string): FailedTick => ({
      outcome,
      message,
      ...figures,
      solveMs: performance.now() - began,
    });
    this.#carried.delete(session);
    if (!last.chunk.every(Number.isFinite) || Number.isNaN(residual)) {
      return fail(
        "not-finite",
        `the network gave a value that is not finite after ${sweeps} sweeps; check the observation's range against the normaliser`,
      );
    }
    // Kept even when no chunk may be executed: the next tick goes on from here, so that a budget too short for a cold
    // solve is made up over several ticks.
    this.#carried.set(session, { clean: last.clean, noise });
    if (ending === "stopped") return fail("stopped", `stopped on request after ${sweeps} sweeps`);
    if (ending === "budget" && !(residual <= SAFE_RESIDUAL)) {
      return fail(
        "unconverged",
        `no sound chunk after ${sweeps} sweeps in ${budgetMs} ms: the residual is ${residual.toPrecision(2)}, above ${SAFE_RESIDUAL}; raise the solve budget or use a faster device`,
      );
    }
    return {
      outcome: ending,
      ...this.#physical(last.chunk),
      start: warmed ? "warm" : "cold",
      ...figures,
      solveMs: performance.now() - began,
    };
  }

  #guess(seen: Float64Array): { guess?: Guess } {
    return this.#calibration ? { guess: guessFor(this.#calibration, seen, this.#guessOffset) } : {};
  }

  /** Drops what a session carries. */
  forget(session: string): void {
    this.#carried.delete(session);
  }

  #physical(chunk: Float64Array): { actions: Float32Array; clipped: number } {
    const dim = this.#shape.dim;
    const past = this.#manifest.n_obs_steps - 1;
    const wanted = this.#actions.denormalize(chunk.slice(past * dim));
    const actions = new Float32Array(wanted.length);
    let clipped = 0;
    for (let k = 0; k < actions.length; k++) {
      const { min, max } = this.#manifest.action[k % dim];
      const inside = Math.min(max, Math.max(min, wanted[k]));
      if (Math.fround(inside) !== Math.fround(wanted[k])) clipped += 1;
      actions[k] = float32Inside(inside, min, max);
    }
    return { actions, clipped };
  }
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

/** A value within [min, max] as a float32 that is within too: rounding alone may step over a limit such as 0.1. */
function float32Inside(value: number, min: number, max: number): number {
  const rounded = Math.fround(value);
  if (rounded >= min && rounded <= max) return rounded;
  return Math.fround(rounded - Math.sign(rounded - value) * Math.abs(rounded) * 2 ** -23);
}

/** A stream number for every tick of every episode; the odd multiplier spreads neighbouring episodes apart. */
function tickStream(episode: number, tick: number): number {
  return (Math.imul(episode, 0x9e3779b1) + tick) >>> 0;
}
