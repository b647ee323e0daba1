import { describe, expect, it } from "vitest";
import { type PlayableWorld, playEpisode, type StepEvent } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import { SimulatedClock } from "../../src/time/simulated-clock.js";
import { memoryTransport } from "../../src/transport/memory.js";
import type {
  ActionMessage,
  ObservationMessage,
  PolicyMessage,
  RefusedMessage,
} from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";

const HOLD = -1;
const ROWS = 7;
const EXECUTE = 4;

const policy: PolicyMessage = {
  type: "policy",
  name: "counting",
  task: "counter",
  rate_hz: 50,
  command_rate_hz: 50,
  n_obs_steps: 2,
  horizon: ROWS + 1,
  n_action_steps: EXECUTE,
  observation: [{ name: "count", shape: [1], unit: "1" }],
  action: [{ name: "a", unit: "1", min: -1e6, max: 1e6 }],
  solver: "none",
  provider: "none",
  budgets: "none",
};

/** Twelve steps of nothing; what matters is which action is executed when. */
function counter(): PlayableWorld<{ count: Float64Array }, { progress: number }> {
  let count = 0;
  const observation = () => ({ count: Float64Array.of(count) });
  return {
    hold: () => [HOLD],
    env: {
      reset() {
        count = 0;
        return { observation: observation(), info: { progress: 0 } };
      },
      step() {
        count += 1;
        return {
          observation: observation(),
          reward: 0,
          terminated: false,
          truncated: count === 12,
          info: { progress: 0 },
        };
      },
    },
  };
}

type Answer = Partial<ActionMessage> | RefusedMessage["reason"];

/**
 * A node whose action for step s is s, with the plan s, s + 1, … ahead of it, varied as `answer` decides; undefined is
 * silence. More than one answer is sent one after the other.
 */
function node(
  answer: (message: ObservationMessage) => Answer | readonly Answer[] | undefined = () => ({}),
  repeatMs = 60_000,
) {
  const seen: ObservationMessage[] = [];
  const { node: transport, connect } = memoryTransport();
  transport.listen({
    malformed: () => {},
    message(peer, message) {
      if (message.type !== "observation") return;
      seen.push(message);
      const answers = answer(message);
      if (answers === undefined) return;
      for (const changes of [answers].flat()) send(peer, message, changes);
    },
  });
  const send = (peer: string, { id, stamp, episode, step }: ObservationMessage, changes: Answer) => {
    if (typeof changes === "string") {
      transport.send(peer, { type: "refused", id, stamp, reason: changes, message: "it is so" });
      return;
    }
    const actions = float32(
      Array.from({ length: ROWS }, (_, k) => step + k),
      [ROWS, 1],
    );
    const first = step - (step % EXECUTE);
    const figures = { sweeps: 3, evaluations: 300, residual: 0.01, solve_ms: 1, age_ms: 2 };
    const plan = { step: first, outcome: "accepted", ...figures } as const;
    const message_: ActionMessage = {
      ...{
        type: "action",
        id,
        stamp,
        episode,
        step,
        actions,
        commands: null,
        rung: "fresh",
        reason: "",
        missed: false,
        plan,
      },
      ...changes,
    };
    transport.send(peer, message_);
  };
  return { seen, client: new PolicyClient(connect(), "here", { patienceMs: 60_000, repeatMs }) };
}

const hold: Answer = {
  rung: "hold",
  reason: "the worker died",
  missed: true,
  plan: null,
  actions: float32([0.5], [1, 1]),
};

async function actionsOf(client: PolicyClient, pace: "lock-step" | SimulatedClock = "lock-step") {
  const events: StepEvent[] = [];
  const onStep = (event: StepEvent) => events.push(event);
  const playing = playEpisode(counter(), client, {
    seed: 0,
    episode: 0,
    policy,
    pace,
    patienceMs: 1000,
    onStep,
  });
  let isOver = false;
  const over = playing.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  while (pace !== "lock-step" && !isOver) {
    // Messages travel in turns of the event loop while the simulated time stands still.
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
    pace.advance(1);
  }
  await over;
  return { actions: events.map((event) => event.action[0]), record: await playing };
}

describe("in lock-step", () => {
  it("executes the action of every step, and counts chunks", async () => {
    const { client, seen } = node();
    const { actions, record } = await actionsOf(client);
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(seen.map(({ step, reply }) => [step, reply])).toEqual(actions.map((step) => [step, "once"]));
    expect(record).toMatchObject({ heldSteps: 0, deadlineMisses: 0, silentSteps: 0, incidents: [] });
    expect(record.ticks.map(({ step, outcome }) => [step, outcome])).toEqual([
      [0, "accepted"],
      [4, "accepted"],
      [8, "accepted"],
    ]);
    expect(record.rungs.fresh).toBe(12);
  });

  it("does what the ladder says, and tells of it", async () => {
    const { client } = node(({ step }) => (step === 4 || step === 5 ? hold : {}));
    const { actions, record } = await actionsOf(client);
    expect(actions.slice(3, 7)).toEqual([3, 0.5, 0.5, 6]);
    expect(record).toMatchObject({ heldSteps: 2, deadlineMisses: 2, rungs: { fresh: 10, hold: 2 } });
    expect(record.incidents).toEqual([
      { step: 4, what: "hold: the worker died" },
      { step: 6, what: "back to fresh chunks after hold" },
    ]);
  });

  it("stays where it is when the node knows no action yet", async () => {
    const { client } = node(({ step }) => (step === 0 ? { ...hold, actions: float32([], [0, 1]) } : {}));
    expect((await actionsOf(client)).actions.slice(0, 2)).toEqual([HOLD, 1]);
  });

  it("asks again when an answer is lost", async () => {
    let lost = false;
    const { client, seen } = node(({ step }) => {
      if (step !== 3 || lost) return {};
      lost = true;
      return undefined;
    }, 20);
    expect((await actionsOf(client)).actions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(seen.filter(({ step }) => step === 3).length).toBeGreaterThan(1);
  });

  it("goes on with the plan in hand when an observation is refused", async () => {
    const { client } = node(({ step }) => (step === 5 ? "invalid-observation" : {}));
    const { actions, record } = await actionsOf(client);
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(record).toMatchObject({ silentSteps: 1, heldSteps: 0 });
  });

  it("gives up when every observation is refused", async () => {
    const { client } = node(() => "invalid-observation");
    await expect(actionsOf(client)).rejects.toThrow(/refused 10 observations in a row.*it is so/);
  });

  it("refuses a policy whose observation the world does not offer", async () => {
    const { client } = node();
    const play = (name: string, shape: number[]) =>
      playEpisode(counter(), client, {
        seed: 0,
        episode: 0,
        policy: { ...policy, observation: [{ name, shape, unit: "1" }] },
        pace: "lock-step",
      });
    await expect(play("image", [2, 3])).rejects.toThrow(
      'policy "counting" needs the observation "image" of 6 numbers; this world offers count (1)',
    );
    await expect(play("count", [2])).rejects.toThrow('"count" of 2 numbers; this world offers count (1)');
  });

  it("refuses a policy that acts by another number of values than the world holds by, before the robot needs them", async () => {
    const { client } = node();
    const action = [...policy.action, { ...policy.action[0], name: "b" }];
    const options = { seed: 0, episode: 0, policy: { ...policy, action }, pace: "lock-step" } as const;
    await expect(playEpisode(counter(), client, options)).rejects.toThrow(
      `policy "counting" acts by 2 numbers (a, b), but this world's hold() gives 1`,
    );
  });
});

describe("in real time", () => {
  it("executes the action of every step", async () => {
    const { client, seen } = node();
    const { actions, record } = await actionsOf(client, new SimulatedClock());
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(new Set(seen.map(({ reply }) => reply))).toEqual(new Set(["paced"]));
    expect(record).toMatchObject({ silentSteps: 0, heldSteps: 0 });
  });

  it("goes on with the plan in its hands while the node is silent, then holds, then goes on", async () => {
    const { client } = node(({ step }) => (step >= 2 && step < 10 ? undefined : {}));
    const { actions, record } = await actionsOf(client, new SimulatedClock());
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, HOLD, HOLD, 10, 11]);
    expect(record).toMatchObject({ silentSteps: 8, heldSteps: 2 });
    expect(record.incidents).toEqual([
      { step: 2, what: expect.stringContaining("goes on by the plan in its hands") },
      { step: 8, what: expect.stringContaining("no plan in hand reaches this step") },
      { step: 10, what: "back to fresh chunks after silence, holding" },
    ]);
  });

  it("does not execute what the node sent for steps that the robot had not come to yet", async () => {
    const stale = {
      actions: float32([-5], [1, 1]),
      rung: "stop",
      reason: "no observation came",
      id: null,
    } as const;
    const { client } = node(({ step }) =>
      // The robot stood still after step 3 while the node counted on, up to step 7.
      step === 3 ? [{}, ...[4, 5, 6, 7].map((ahead) => ({ ...stale, step: ahead }))] : [{}],
    );
    const { actions, record } = await actionsOf(client, new SimulatedClock());
    expect(actions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(record).toMatchObject({ silentSteps: 0, incidents: [] });
  });

  it("tells of an observation that was refused", async () => {
    const { client } = node(({ step }) => (step === 4 ? "invalid-observation" : {}));
    const { record } = await actionsOf(client, new SimulatedClock());
    expect(record.incidents[0]).toEqual({ step: 4, what: "the node refused what it was shown: it is so" });
  });

  it("ends after the step under way when it is told to", async () => {
    const { client } = node();
    const stopping = new AbortController();
    const record = await playEpisode(counter(), client, {
      seed: 0,
      episode: 0,
      policy,
      pace: "lock-step",
      signal: stopping.signal,
      onStep: ({ step }) => step === 5 && stopping.abort(),
    });
    expect(record.actions).toHaveLength(6);
  });

  it("ends when the node is silent for longer than it has patience", async () => {
    const { client } = node(({ step }) => (step === 0 ? {} : undefined));
    const clock = new SimulatedClock();
    const playing = playEpisode(counter(), client, {
      seed: 0,
      episode: 0,
      policy,
      pace: clock,
      patienceMs: 100,
    });
    const refused = expect(playing).rejects.toThrow("the node at here did not answer for 0.1 s");
    for (let k = 0; k < 200; k++) {
      for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1);
    }
    await refused;
  });
});
