import type { Environment, ResetResult, StepResult } from "../gym.js";
import { RandomState } from "../mt19937.js";
import { coverage } from "./coverage.js";
import { observe, type PushTObservation, type PushTState, wrapAngle } from "./observation.js";
import { CENTRE_OF_GRAVITY_Y } from "./tee.js";
import { SUBSTEP, World } from "./world.js";

const SUBSTEPS_PER_STEP = 10;
/** The agent's PD controller: critically damped at 10 rad/s. */
const STIFFNESS = 100;
const DAMPING = 20;
/** Coverage that counts as success and earns the full reward. */
const SUCCESS_COVERAGE = 0.95;
const DEFAULT_MAX_STEPS = 300;

export interface PushTOptions {
  /** Steps after which an episode is truncated; a positive integer, 300 unless given. */
  readonly maxSteps?: number;
}

/**
 * How an episode starts: drawn from a seed as gym-pusht and Diffusion Policy draw it (integer in [0, 2^32 - 1]),
 * or from a state [agent x, agent y, block x, block y, angle] in their "legacy" sense: the block is put down
 * unturned at (block x, block y) and then turned about its centre of gravity, so a turned block's own origin
 * ends up elsewhere.
 */
export type PushTReset = { readonly seed: number } | { readonly state: ArrayLike<number> };

export interface PushTInfo {
  /** Share of the goal T that the block covers, 0 to 1. */
  readonly coverage: number;
  /** That share over the one that is success, at most 1. */
  readonly progress: number;
  /** Contact points of all touching pairs, summed over the step's ten substeps. */
  readonly nContacts: number;
}

/**
 * PushT: push a T-shaped block onto its goal pose (256, 256, π/4) with a disc (Chi et al. 2023, arXiv:2303.04137).
 *
 * An action is the disc's target [x, y] in pixels, held for 0.1 s. The usual range is [0, 512]; like the
 * original, nothing clips it. The reward is coverage / 0.95, at most 1; the episode terminates when coverage
 * exceeds 0.95. Stepping on after the end is allowed: the world goes on and the flags stay truthful.
 *
 * @example
 * const env = new PushTEnv();
 * env.reset({ seed: 100_000 });
 * const { observation, reward } = env.step([256, 256]);
 */
export class PushTEnv implements Environment<PushTObservation, ArrayLike<number>, PushTInfo, PushTReset> {
  readonly maxSteps: number;
  #world: World | undefined;
  #steps = 0;

  constructor(options: PushTOptions = {}) {
    const { maxSteps = DEFAULT_MAX_STEPS } = options;
    if (!Number.isInteger(maxSteps) || maxSteps < 1) {
      throw new RangeError(`maxSteps must be a positive integer, got ${maxSteps}`);
    }
    this.maxSteps = maxSteps;
  }

  /** Throws a RangeError on a bad seed or state; the running episode then goes on untouched. */
  reset(options: PushTReset): ResetResult<PushTObservation, PushTInfo> {
    const [agentX, agentY, blockX, blockY, angle] =
      "state" in options ? checked("state", options.state, 5) : drawStart(options.seed);
    const world = new World();
    world.place(agentX, agentY, blockX, blockY + CENTRE_OF_GRAVITY_Y, angle);
    // Nothing moves yet, but a block that starts in the agent is given the speed that pushes it out.
    const nContacts = world.substep();
    this.#world = world;
    this.#steps = 0;
    const covered = coverage(world.bar, world.stem);
    return {
      observation: observe(this.state()),
      info: { coverage: covered, progress: progress(covered), nContacts },
    };
  }

  /** Throws an Error before the first reset and a RangeError on an action that is not two finite numbers. */
  step(action: ArrayLike<number>): StepResult<PushTObservation, PushTInfo> {
    const world = this.#started();
    const [targetX, targetY] = checked("action", action, 2);
    const { agent } = world;
    let nContacts = 0;
    for (let i = 0; i < SUBSTEPS_PER_STEP; i++) {
      agent.vx += (STIFFNESS * (targetX - agent.x) - DAMPING * agent.vx) * SUBSTEP;
      agent.vy += (STIFFNESS * (targetY - agent.y) - DAMPING * agent.vy) * SUBSTEP;
      nContacts += world.substep();
    }
    this.#steps++;
    const covered = coverage(world.bar, world.stem);
    return {
      observation: observe(this.state()),
      reward: progress(covered),
      terminated: covered > SUCCESS_COVERAGE,
      truncated: this.#steps >= this.maxSteps,
      info: { coverage: covered, progress: progress(covered), nContacts },
    };
  }

  /** The present state; throws before the first reset. */
  state(): PushTState {
    const { agent, block, originX, originY } = this.#started();
    return [agent.x, agent.y, originX, originY, wrapAngle(block.angle)];
  }

  /** How fast the agent moves, px/s; throws before the first reset. */
  agentVelocity(): [x: number, y: number] {
    const { agent } = this.#started();
    return [agent.vx, agent.vy];
  }

  #started(): World {
    if (this.#world === undefined) {
      throw new Error("no episode is running: call reset({ seed }) or reset({ state }) first");
    }
    return this.#world;
  }
}

function progress(covered: number): number {
  return Math.min(covered / SUCCESS_COVERAGE, 1);
}

/** The start that numpy's RandomState(seed) gives, drawn in this order. */
function drawStart(seed: number): number[] {
  const random = new RandomState(seed);
  const agentX = random.randint(50, 450);
  const agentY = random.randint(50, 450);
  const blockX = random.randint(100, 400);
  const blockY = random.randint(100, 400);
  const angle = random.randn() * 2 * Math.PI - Math.PI;
  return [agentX, agentY, blockX, blockY, angle];
}

function checked(
  name: string,
  values: ArrayLike<number>,
  length: number,
): ArrayLike<number> & Iterable<number> {
  const numbers = Array.from(values);
  if (numbers.length !== length || !numbers.every(Number.isFinite)) {
    throw new RangeError(`${name} must be ${length} finite numbers, got [${numbers.join(", ")}]`);
  }
  return numbers;
}
