import { ConfigurationError } from "../src/policy/errors.js";
import type { EpisodeRecord, TickSample } from "../src/telemetry/episode-record.js";
import type { Clock } from "../src/time/clock.js";
import { Metronome } from "../src/time/metronome.js";
import type { ActionMessage, PolicyMessage } from "../src/transport/message.js";
import { type FloatArray, float32 } from "../src/transport/ndarray.js";
import { lockStep, realTime } from "./asking.js";
import { Chronicle } from "./chronicle.js";
import type { Environment } from "./gym.js";
import { InHand } from "./in-hand.js";
import type { PolicyClient } from "./policy-client.js";
import { type Seen, seenValues } from "./seen.js";

/** What every world tells of itself. */
export interface Progress {
  /** How far the task is: 0 to 1, and 1 is success: that of an episode which is terminated then. */
  readonly progress: number;
}

/** A world with what a player must know about it. */
export interface PlayableWorld<Observation extends Seen, Info extends Progress> {
  readonly env: Environment<Observation, ArrayLike<number>, Info, { readonly seed: number }>;
  /** The action that keeps the robot where it is. */
  hold(observation: Observation): readonly number[];
}

/** What just happened, for status lines and pictures. */
export interface StepEvent {
  readonly step: number;
  readonly action: readonly number[];
  readonly reward: number;
  readonly progress: number;
  /** The newest action message in hand, with the plan as it stood. */
  readonly message: ActionMessage | undefined;
  readonly tick: TickSample | undefined;
  /** Of the episode so far. */
  readonly deadlineMisses: number;
}

export interface PlayOptions {
  readonly seed: number;
  readonly episode: number;
  readonly policy: PolicyMessage;
  /**
   * `lock-step`: the world waits for the action of every step. With a clock, real time: it goes on at the policy's rate,
   * action or no action.
   */
  readonly pace: "lock-step" | Clock;
  /** End the episode, unfinished, after so many control steps. */
  readonly maxSteps?: number;
  /** Ends the episode, unfinished, after the control step under way. */
  readonly signal?: AbortSignal;
  /** Real time: end the episode when the node has been silent for so long. */
  readonly patienceMs?: number;
  readonly onStep?: (event: StepEvent) => void;
}

/**
 * Plays one episode. Without an action for the present step the robot goes on with the plan in its hands, as far as it
 * reaches, and then holds.
 *
 * @throws ConfigurationError when the world does not show what the policy needs, or holds by another number of values.
 * @throws RefusedError when the node cannot use what it is shown or can no longer solve.
 * @throws SilentNodeError when the node stops answering.
 * @example
 * const record = await playEpisode(world, client, { seed: 0, episode: 0, policy, pace: "lock-step" });
 */
export async function playEpisode<Observation extends Seen, Info extends Progress>(
  world: PlayableWorld<Observation, Info>,
  client: PolicyClient,
  options: PlayOptions,
): Promise<EpisodeRecord> {
  const { policy, seed, episode, pace, patienceMs = 30_000 } = options;
  const periodMs = 1000 / policy.rate_hz;
  const chronicle = new Chronicle();
  const ask =
    pace === "lock-step"
      ? lockStep(client, chronicle)
      : realTime(client, chronicle, { clock: pace, periodMs, patienceMs });
  const inHand = new InHand(episode);
  let { observation } = world.env.reset({ seed });
  checkHold(world.hold(observation), policy);

  /** One control step; whether the episode goes on. */
  const advance = async (step: number): Promise<boolean> => {
    const sighting = { episode, step, observation: selected(observation, policy) };
    const asked = performance.now();
    const message = await ask(sighting, inHand);
    const planned = inHand.row(step);
    if (message) chronicle.answered(step, message, performance.now() - asked);
    else chronicle.silent(step, planned !== undefined);
    const action = planned ?? world.hold(observation);
    const isHeld = !planned || inHand.message?.rung === "hold" || inHand.message?.rung === "stop";
    const result = world.env.step(action);
    observation = result.observation;
    const { reward, terminated, truncated, info } = result;
    chronicle.executed(action, isHeld, { reward, terminated, truncated, progress: info.progress });
    options.onStep?.({
      step,
      action,
      reward,
      progress: info.progress,
      message: inHand.message,
      tick: chronicle.lastTick,
      deadlineMisses: chronicle.deadlineMisses,
    });
    return !(terminated || truncated || step + 1 === options.maxSteps || options.signal?.aborted);
  };

  if (pace === "lock-step") {
    let step = 0;
    while (await advance(step)) step += 1;
  } else {
    await inRealTime(pace, periodMs, chronicle, advance);
  }
  return chronicle.record(episode, seed);
}

/** Calls `advance` once per control period until it says that the episode is over. */
async function inRealTime(
  clock: Clock,
  periodMs: number,
  chronicle: Chronicle,
  advance: (step: number) => Promise<boolean>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let step = 0;
    let isBusy = false;
    const metronome = new Metronome(clock, periodMs, (_, _late, skipped) => {
      if (skipped > 0) chronicle.note(step, stoodStill(skipped));
      // A step that takes longer than its period swallows the next beat.
      if (isBusy) return;
      isBusy = true;
      advance(step).then(
        (goesOn) => {
          isBusy = false;
          step += 1;
          if (goesOn) return;
          metronome.stop();
          resolve();
        },
        (error) => {
          metronome.stop();
          reject(error);
        },
      );
    });
    metronome.start();
  });
}

/** Before the robot needs it. */
function checkHold({ length }: readonly number[], { name, action }: PolicyMessage): void {
  if (length === action.length) return;
  const names = action.map(({ name }) => name).join(", ");
  throw new ConfigurationError(
    `policy "${name}" acts by ${action.length} numbers (${names}), but this world's hold() gives ${length}`,
  );
}

function stoodStill(periods: number): string {
  return `stood still for ${periods === 1 ? "a control period" : `${periods} control periods`}`;
}

function selected(observation: Seen, policy: PolicyMessage): Record<string, FloatArray> {
  const picked: Record<string, FloatArray> = {};
  for (const wanted of policy.observation) {
    const { name, shape } = wanted;
    picked[name] = float32(Float32Array.from(seenValues(observation, wanted, policy.name)), shape);
  }
  return picked;
}
