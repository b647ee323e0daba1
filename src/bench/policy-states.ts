import type { PlayableWorld, Seen } from "../../sim/play.js";
import type { OnnxNetwork } from "../inference/onnx.js";
import { ConfigurationError } from "../policy/errors.js";
import { History } from "../policy/history.js";
import { joinedRanges, type Manifest, observationWidth } from "../policy/manifest.js";
import { LimitsNormalizer } from "../policy/normalizer.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { GaussianStream } from "../sampling/noise.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import { squaredCosine } from "../sampling/schedule.js";
import { semilinear } from "../sampling/solvers/semilinear.js";
import { lastIterate, type Problem } from "../sampling/solvers/solver.js";
import { type Carried, warmStart } from "../sampling/warm-start.js";

/** Control steps between two states of an episode, so that they differ. */
const STATES_EVERY = 24;

/** One solve that the policy meets on its way: the same observation and noise, without and with a warm start. */
export interface PolicyState {
  readonly cold: Problem;
  readonly warm: Problem;
}

/**
 * Lets the policy drive a world, re-planning every `stride` steps, and yields a state every two dozen steps, episode
 * after episode without end. The network is conditioned on the state until the next one is asked for.
 *
 * @throws ConfigurationError when a chunk does not reach as far as the stride.
 */
export async function* policyStates<Observation extends Seen>(
  { env }: PlayableWorld<Observation, { readonly coverage: number }>,
  network: OnnxNetwork,
  manifest: Manifest,
  stride: number,
  firstSeed: number,
): AsyncGenerator<PolicyState, never, void> {
  const schedule = squaredCosine(manifest.diffusion.levels);
  const rule = ddpm(schedule);
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
  const driver = semilinear();

  for (let seed = firstSeed; ; seed++) {
    const history = new History(manifest.n_obs_steps, observationWidth(manifest));
    let carried: Carried | undefined;
    let { observation } = env.reset({ seed });
    let due = STATES_EVERY;
    for (let step = 0, done = false; !done; ) {
      history.push(step, frameOf(observation, manifest));
      network.observe(observations.normalize(history.read(new Float64Array(history.steps * history.width))));
      const stream = new GaussianStream(seed, step);
      const { noise, start } = warmStart(network.shape, rule.steps, carried, stride, 1, stream);
      const cold: Problem = { rule, denoiser, noise };
      const warm: Problem = start ? { ...cold, start } : cold;
      if (step >= due) {
        yield { cold, warm };
        due += STATES_EVERY;
      }
      const solved = await lastIterate(driver, warm);
      carried = { clean: solved.clean, noise };
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

function frameOf(observation: Seen, manifest: Manifest): Float64Array {
  return Float64Array.from(manifest.observation.flatMap(({ name }) => Array.from(observation[name])));
}
