import { setTimeout as sleep } from "node:timers/promises";
import type { EpisodeRecord, TickSample } from "../src/telemetry/episode-record.js";
import type { ChunkMessage, PolicyMessage, RefusedMessage } from "../src/transport/message.js";
import { type FloatArray, float32 } from "../src/transport/ndarray.js";
import type { Environment } from "./gym.js";
import { type PolicyClient, RefusedError, type Sighting, SilentNodeError } from "./policy-client.js";

/** Refusals that a later observation may well not meet. */
const PASSING: ReadonlySet<string> = new Set(["superseded", "unconverged", "busy"]);

/** What a world shows: a list of numbers per name. */
export type Seen = Readonly<Record<string, ArrayLike<number>>>;

/** A world with what a player must know about it. */
export interface PlayableWorld<Observation extends Seen, Info extends { readonly coverage: number }> {
  readonly env: Environment<Observation, ArrayLike<number>, Info, { readonly seed: number }>;
  /** The action that keeps the robot where it is. */
  hold(observation: Observation): readonly number[];
}

/** What just happened, for status lines and pictures. */
export interface StepEvent {
  readonly step: number;
  readonly action: readonly number[];
  readonly reward: number;
  readonly coverage: number;
  /** The chunk being executed, if any. */
  readonly chunk: ChunkMessage | undefined;
  readonly tick: TickSample | undefined;
  /** Of the episode so far. */
  readonly deadlineMisses: number;
}

export interface PlayOptions {
  readonly seed: number;
  readonly episode: number;
  readonly policy: PolicyMessage;
  /** `lock-step`: the world waits for each chunk. `real-time`: it goes on at the policy's rate, chunk or no chunk. */
  readonly pace: "lock-step" | "real-time";
  readonly onStep?: (event: StepEvent) => void;
}

/**
 * Plays one episode. A chunk's row k belongs to control step `chunk.step + k`, so a late chunk is entered at the row
 * that is due, never replayed from its start; while no chunk reaches the present step the robot holds. The steps behind
 * the executed ones carry the robot on while the next chunk is solved.
 *
 * @throws Error when the world has no observation that the policy needs.
 * @throws RefusedError when the node cannot use what it is shown or can no longer solve.
 * @throws SilentNodeError when the node stops answering.
 * @example
 * const record = await playEpisode(world, client, { seed: 0, episode: 0, policy, pace: "lock-step" });
 */
export async function playEpisode<Observation extends Seen, Info extends { readonly coverage: number }>(
  world: PlayableWorld<Observation, Info>,
  client: PolicyClient,
  options: PlayOptions,
): Promise<EpisodeRecord> {
  const { policy, seed, episode, pace } = options;
  const periodMs = 1000 / policy.rate_hz;
  const coverage: number[] = [];
  const ticks: TickSample[] = [];
  let { observation } = world.env.reset({ seed });
  let chunk: ChunkMessage | undefined;
  let failure: unknown;
  let heardAt = Number.NEGATIVE_INFINITY;
  let score = 0;
  let success = false;
  let heldSteps = 0;
  let heldUntil = 0;
  let askedStep: number | undefined;
  const began = performance.now();

  const ask = async (sighting: Sighting): Promise<void> => {
    const sent = performance.now();
    const reply = await client.plan(sighting).catch((error: unknown) => {
      // One lost answer does not mean that the node is gone, if it has answered since.
      if (error instanceof SilentNodeError && heardAt > sent) return undefined;
      throw error;
    });
    if (!reply) return;
    heardAt = performance.now();
    const roundTripMs = heardAt - sent;
    if (askedStep === sighting.step) askedStep = undefined;
    // The deadline of a chunk is the end of the plan in hand; before the first plan there is nothing to miss.
    const missed = chunk !== undefined && heldUntil > sighting.step;
    ticks.push(sample(sighting.step, reply, roundTripMs, missed));
    if (reply.type === "chunk") {
      if (!chunk || reply.step > chunk.step) chunk = reply;
    } else if (!PASSING.has(reply.reason)) {
      throw new RefusedError(`the node refused the observation of step ${sighting.step}: ${reply.message}`);
    }
  };

  for (let step = 0, done = false; !done; step++) {
    const sighting = { episode, step, observation: selected(observation, policy) };
    if (chunk && step - chunk.step < chunk.execute) client.observe(sighting);
    else if (pace === "lock-step") await ask(sighting);
    else if (askedStep !== undefined && step - askedStep < policy.n_action_steps) client.observe(sighting);
    else {
      askedStep = step;
      ask(sighting).catch((error: unknown) => {
        failure = error;
      });
    }

    const planned = chunk && row(chunk, step);
    if (!planned) {
      heldSteps += 1;
      heldUntil = step + 1;
    }
    const action = planned ?? world.hold(observation);
    const result = world.env.step(action);
    observation = result.observation;
    score = Math.max(score, result.reward);
    success ||= result.terminated;
    done = result.terminated || result.truncated;
    coverage.push(result.info.coverage);
    options.onStep?.({
      step,
      action,
      reward: result.reward,
      coverage: result.info.coverage,
      chunk,
      tick: ticks.at(-1),
      deadlineMisses: missesOf(ticks),
    });

    if (pace === "real-time") {
      // On the grid of the start, so that lateness does not add up.
      const due = began + (step + 1) * periodMs;
      await sleep(Math.max(0, due - performance.now()));
    }
    if (failure) throw failure;
  }
  return {
    episode,
    seed,
    score,
    success,
    coverage,
    // A copy: answers may still come in after the end.
    ticks: [...ticks],
    deadlineMisses: missesOf(ticks),
    heldSteps,
  };
}

function missesOf(ticks: readonly TickSample[]): number {
  return ticks.filter((tick) => tick.missed).length;
}

function row(chunk: ChunkMessage, step: number): readonly number[] | undefined {
  const [rows, width] = chunk.actions.shape;
  const k = step - chunk.step;
  return k < rows ? Array.from(chunk.actions.data.subarray(k * width, (k + 1) * width)) : undefined;
}

function selected(observation: Seen, policy: PolicyMessage): Record<string, FloatArray> {
  const picked: Record<string, FloatArray> = {};
  for (const { name, shape } of policy.observation) {
    const values = observation[name];
    if (!values) {
      const offered = Object.keys(observation).join(", ");
      throw new Error(
        `policy "${policy.name}" needs the observation "${name}"; this world offers ${offered}`,
      );
    }
    picked[name] = float32(Float32Array.from(values), shape);
  }
  return picked;
}

function sample(
  step: number,
  reply: ChunkMessage | RefusedMessage,
  roundTripMs: number,
  missed: boolean,
): TickSample {
  if (reply.type === "refused") {
    return { step, outcome: reply.reason, sweeps: 0, evaluations: 0, solveMs: 0, roundTripMs, missed };
  }
  const { outcome, sweeps, evaluations, residual, solve_ms: solveMs } = reply;
  return { step, outcome, sweeps, evaluations, residual, solveMs, roundTripMs, missed };
}
