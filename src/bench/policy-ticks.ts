import type { PlayableWorld, Progress } from "../../sim/play.js";
import { type Seen, seenValues } from "../../sim/seen.js";
import type { PolicyNetwork } from "../inference/policy-network.js";
import { type Calibration, guessFor } from "../policy/calibration.js";
import { ConfigurationError } from "../policy/errors.js";
import { History } from "../policy/history.js";
import { joinedRanges, type Manifest, observationWidth } from "../policy/manifest.js";
import { LimitsNormalizer } from "../policy/normalizer.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { GaussianStream } from "../sampling/noise.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import type { Rule } from "../sampling/rules/rule.js";
import { squaredCosine } from "../sampling/schedule.js";
import { semilinear } from "../sampling/solvers/semilinear.js";
import { type Iterate, lastIterate, type Problem, type Solver } from "../sampling/solvers/solver.js";
import { type Carried, warmStart } from "../sampling/warm-start.js";

/** One solve that the policy meets on its way. */
export interface PolicyTick {
  readonly seed: number;
  /** Control step within the episode. */
  readonly step: number;
  /** [To · O] normalised, oldest first. */
  readonly observation: Float64Array;
  /** The same noise without and with a warm start; alike on the first tick of an episode. */
  readonly cold: Problem;
  readonly warm: Problem;
  /** How the driver solved it. */
  readonly solved: Iterate;
}

export interface TickOptions {
  /** The chain that the loop samples; DDPM over all levels unless told. */
  readonly rule?: Rule;
  /** Semi-linear with the secant slope unless told. */
  readonly driver?: Solver;
  /** Gives cold problems their guess. */
  readonly calibration?: Calibration;
}

/**
 * Lets the policy drive a world, re-planning every `stride` steps, and yields every solve, episode after episode without
 * end. The network is conditioned on a tick until the next one is asked for.
 *
 * A loop samples one rule from beginning to end, so that a warm start is what the same rule left behind one tick before.
 *
 * @throws ConfigurationError when a chunk does not reach as far as the stride, or the world does not show what the policy needs.
 */
export async function* policyTicks<Observation extends Seen>(
  { env }: PlayableWorld<Observation, Progress>,
  network: PolicyNetwork,
  manifest: Manifest,
  stride: number,
  firstSeed: number,
  { rule: given, driver = semilinear(), calibration }: TickOptions = {},
): AsyncGenerator<PolicyTick, never, void> {
  const schedule = squaredCosine(manifest.diffusion.levels);
  const rule = given ?? ddpm(schedule);
  const denoiser = cleanFromNoise(network, schedule, manifest.diffusion.clip);
  const observations = new LimitsNormalizer(joinedRanges(manifest));
  const actions = new LimitsNormalizer(manifest.normalizer.action);
  const { dim } = network.shape;
  const past = manifest.n_obs_steps - 1;
  if (stride > manifest.horizon - past) {
    throw new ConfigurationError(
      `a stride of ${stride} is more than the ${manifest.horizon - past} steps that a chunk reaches`,
    );
  }
  const offsets = schedule.levels * network.shape.horizon * dim;

  for (let seed = firstSeed; ; seed++) {
    const history = new History(manifest.n_obs_steps, observationWidth(manifest));
    let carried: Carried | undefined;
    let { observation } = env.reset({ seed });
    for (let step = 0, done = false; !done; ) {
      history.push(step, frameOf(observation, manifest));
      const seen = observations.normalize(history.read(new Float64Array(history.steps * history.width)));
      network.observe(seen);
      const stream = new GaussianStream(seed, step);
      const { noise, start } = warmStart(network.shape, rule.steps, carried, stride, 1, stream);
      const problem: Problem = { rule, denoiser, noise };
      const guess = calibration && guessFor(calibration, seen, new Float64Array(offsets));
      const cold: Problem = guess ? { ...problem, guess } : problem;
      const warm: Problem = start ? { ...problem, start } : cold;
      const solved = await lastIterate(driver, warm);
      carried = { clean: solved.clean, noise };
      yield { seed, step, observation: seen, cold, warm, solved };
      const chunk = actions.denormalize(solved.chunk.slice(past * dim));
      for (let k = 0; k < stride && !done; k++) {
        if (k > 0) history.push(step, frameOf(observation, manifest));
        const result = env.step(chunk.subarray(k * dim, (k + 1) * dim));
        observation = result.observation;
        step += 1;
        done = result.terminated || result.truncated;
      }
    }
  }
}

function frameOf(observation: Seen, { observation: wanted, name }: Manifest): Float64Array {
  return Float64Array.from(wanted.flatMap((one) => Array.from(seenValues(observation, one, name))));
}
