import { describe, expect, it, vi } from "vitest";
import { type PlayableWorld, playEpisode, type StepEvent } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import { memoryTransport } from "../../src/transport/memory.js";
import type { ObservationMessage, PolicyMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";

const HOLD = -1;
const ROWS = 7;
const EXECUTE = 4;

const policy: PolicyMessage = {
  type: "policy",
  name: "counting",
  task: "counter",
  rate_hz: 50,
  n_obs_steps: 2,
  horizon: ROWS + 1,
  n_action_steps: EXECUTE,
  observation: [{ name: "count", shape: [1], unit: "1" }],
  action: [{ name: "a", unit: "1", min: -1e6, max: 1e6 }],
  solver: "none",
  provider: "none",
};

/** Twelve steps of nothing; what matters is which action is executed when. */
function counter(): PlayableWorld<{ count: Float64Array }, { coverage: number }> {
  let count = 0;
  const observation = () => ({ count: Float64Array.of(count) });
  return {
    hold: () => [HOLD],
    env: {
      reset() {
        count = 0;
        return { observation: observation(), info: { coverage: 0 } };
      },
      step() {
        count += 1;
        return {
          observation: observation(),
          reward: 0,
          terminated: false,
          truncated: count === 12,
          info: { coverage: 0 },
        };
      },
    },
  };
}

/** A node whose chunk for step s is s·100, s·100 + 1, …, answered as `answer` decides. */
function node(answer: (message: ObservationMessage, send: () => void, refuse: () => void) => void) {
  const seen: ObservationMessage[] = [];
  const { node: transport, connect } = memoryTransport();
  transport.listen({
    malformed: () => {},
    message(peer, message) {
      if (message.type !== "observation") return;
      seen.push(message);
      if (!message.plan) return;
      const { id, stamp, episode, step } = message;
      const actions = float32(
        Array.from({ length: ROWS }, (_, k) => 100 * step + k),
        [ROWS, 1],
      );
      const send = () =>
        transport.send(peer, {
          ...{ type: "chunk", id, stamp, episode, step, actions, execute: EXECUTE, outcome: "accepted" },
          ...{ sweeps: 3, evaluations: 300, residual: 0.01, solve_ms: 1 },
        });
      const refuse = () =>
        transport.send(peer, { type: "refused", id, stamp, reason: "unconverged", message: "too slow" });
      answer(message, send, refuse);
    },
  });
  return { seen, client: new PolicyClient(connect(), "here") };
}

async function actionsOf(client: PolicyClient, pace: "lock-step" | "real-time") {
  const events: StepEvent[] = [];
  const onStep = (event: StepEvent) => events.push(event);
  const record = await playEpisode(counter(), client, { seed: 0, episode: 0, policy, pace, onStep });
  return { actions: events.map((event) => event.action[0]), record };
}

describe("playing an episode", () => {
  it("executes the first rows of every chunk in lock-step and shows every observation once", async () => {
    const { client, seen } = node((_, send) => send());
    const { actions, record } = await actionsOf(client, "lock-step");
    expect(actions).toEqual([0, 1, 2, 3, 400, 401, 402, 403, 800, 801, 802, 803]);
    await vi.waitFor(() => expect(seen).toHaveLength(12));
    expect(seen.map((message) => message.step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(seen.filter((message) => message.plan).map((message) => message.step)).toEqual([0, 4, 8]);
    expect(record).toMatchObject({ heldSteps: 0, deadlineMisses: 0 });
  });

  it("goes on with the rest of the old chunk when a new one is refused, and asks again", async () => {
    const { client } = node(({ step }, send, refuse) => (step === 4 || step === 5 ? refuse() : send()));
    const { actions, record } = await actionsOf(client, "lock-step");
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 600, 601, 602, 603, 1000, 1001]);
    expect(record.ticks.map((tick) => tick.outcome)).toContain("unconverged");
  });

  it("holds when no plan is left", async () => {
    const { client } = node(({ step }, send, refuse) => (step >= 4 ? refuse() : send()));
    const { actions, record } = await actionsOf(client, "lock-step");
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 6, HOLD, HOLD, HOLD, HOLD, HOLD]);
    expect(record.heldSteps).toBe(5);
  });

  it("enters a late chunk at the row that is due", async () => {
    // The answer to step 4 is sent when the observation of step 6 arrives: two steps late.
    let late: (() => void) | undefined;
    const { client } = node((message, send) => {
      if (message.step === 4) late = send;
      else send();
    });
    const shown = client.observe.bind(client);
    client.observe = (sighting) => {
      shown(sighting);
      if (sighting.step === 6) late?.();
    };
    const { actions, record } = await actionsOf(client, "real-time");
    const executed = actions.filter((action) => action !== HOLD && action < 800);
    for (const [step, action] of actions.entries()) {
      if (action !== HOLD) expect((action % 100) + Math.floor(action / 100)).toBe(step);
    }
    expect(executed.some((action) => action >= 402)).toBe(true);
    expect(record.deadlineMisses).toBe(0);
  });

  it("refuses a policy whose observation the world does not offer", async () => {
    const { client } = node((_, send) => send());
    const wanting = { ...policy, observation: [{ name: "image", shape: [1], unit: "1" }] };
    const playing = playEpisode(counter(), client, {
      seed: 0,
      episode: 0,
      policy: wanting,
      pace: "lock-step",
    });
    await expect(playing).rejects.toThrow('needs the observation "image"; this world offers count');
  });
});
