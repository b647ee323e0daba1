import { describe, expect, it } from "vitest";
import { heldToContract } from "../../sim/contract.js";
import { DivergedError } from "../../sim/mujoco/divergence.js";
import { ConfigurationError } from "../../src/policy/errors.js";

const seen = { observation: { at: [0, 1] }, info: { progress: 0 } };
const after = { ...seen, reward: 0, terminated: false, truncated: false };

/** A world as classes write it: methods that need their `this`, and are found on the prototype. */
class Mine {
  readonly #hold = [0.5];
  readonly task = "mine";
  readonly env: object;
  isClosed = false;

  constructor(results: { readonly reset?: unknown; readonly step?: unknown } = {}) {
    const { reset = seen, step = after } = results;
    this.env = { reset: () => reset, step: () => step };
  }

  hold() {
    return this.#hold;
  }

  close() {
    this.isClosed = true;
  }
}

/** What is said of a world whose first step gives this. */
function saidOf(step: unknown): string {
  const world = heldToContract(new Mine({ step }), "mine.mjs");
  world.env.reset({ seed: 4 });
  return messageOf(() => world.env.step([0]));
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error("nothing was wrong with it");
}

describe("a world of somebody else's", () => {
  it("is played as it is", () => {
    const mine = new Mine();
    const world = heldToContract(mine, "mine.mjs");
    expect(world.task).toBe("mine");
    expect(world.env.reset({ seed: 4 })).toBe(seen);
    expect(world.env.step([0])).toBe(after);
    expect(world.hold(seen.observation)).toEqual([0.5]);
    expect([world.exercise, world.render, world.demonstrate]).toEqual([undefined, undefined, undefined]);
    world.close?.();
    expect(mine.isClosed).toBe(true);
  });

  it("may show typed arrays and whatever else it likes to tell", () => {
    const step = { ...after, observation: { at: Float32Array.of(1, 2) }, extra: null };
    const world = heldToContract(new Mine({ step }), "mine.mjs");
    expect(world.env.step([0])).toBe(step);
  });

  it.each([
    [undefined, "mine.mjs: the world: must be an object with task, env and hold"],
    [{ ...new Mine(), hold: () => [0], task: "" }, "task: must not be empty"],
    [{ task: "mine", env: {}, hold: () => [0] }, "env.reset: must be a function"],
    [{ task: "mine", env: new Mine().env }, "hold: must be a function"],
  ])("is refused without what is needed: %#", (world, message) => {
    expect(messageOf(() => heldToContract(world, "mine.mjs"))).toContain(message);
  });

  it.each([
    [null, "seed 4, step 0: what it gives: must give { observation, reward, terminated, truncated, info }"],
    [{ ...after, observation: [1, 2] }, "observation: must be an object of lists of numbers, by name"],
    [{ ...after, observation: { at: [1, Number.NaN] } }, "observation.at: must be a list of finite numbers"],
    [{ ...after, observation: { at: 3 } }, "observation.at: must be a list of finite numbers (found 3)"],
    [{ ...after, reward: Number.NaN }, "reward: must be a finite number (found NaN)"],
    [{ ...after, reward: 1n }, "reward: must be a finite number (found 1n)"],
    [{ ...after, truncated: () => true }, "truncated: must be true or false (found a function)"],
    [{ ...after, terminated: 0 }, "terminated: must be true or false (found 0)"],
    [{ ...after, info: { progress: 40 } }, "a number from 0 to 1, which is success (found 40)"],
    [{ ...after, info: {} }, "info.progress: must be how far the task is"],
  ])("is told which of its steps is wrong, and how: %#", (step, message) => {
    expect(saidOf(step)).toContain(message);
  });

  it("that is asynchronous is sent elsewhere, and its own failure then troubles nobody", async () => {
    const lost = {
      task: "mine",
      env: { reset: () => seen, step: async () => Promise.reject(new Error("later")) },
    };
    const world = heldToContract({ ...lost, hold: () => [0] }, "mine.mjs");
    expect(messageOf(() => world.env.step([0]))).toMatch(
      /step 0 gives a promise.*`parapilot run` over ZeroMQ/,
    );
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("is told the same of a reset, and of what it holds", () => {
    const world = heldToContract(new Mine({ reset: { observation: null } }), "mine.mjs");
    expect(messageOf(() => world.env.reset({ seed: 4 }))).toContain(
      "mine.mjs: reset({ seed: 4 }): observation",
    );
    const limp = heldToContract({ task: "mine", env: new Mine().env, hold: () => [Number.NaN] }, "mine.mjs");
    expect(messageOf(() => limp.hold({}))).toContain(
      "hold() at step 0: what it gives: must be a list of finite",
    );
  });

  it("that fails says at which seed and step, and where in its own file alone", () => {
    const lost = () => {
      throw new Error("the spring is lost");
    };
    const world = heldToContract(
      { task: "mine", env: { reset: () => seen, step: lost }, hold: lost },
      "mine.mjs",
    );
    world.env.reset({ seed: 4 });
    const message = messageOf(() => world.env.step([0]));
    expect(message).toMatch(
      /^mine\.mjs: seed 4, step 0 fails: Error: the spring is lost\n +at .*contract\.test/,
    );
    expect(message).not.toMatch(/sim.contract\.js/);
    expect(messageOf(() => world.hold({}))).toMatch(/^mine\.mjs: seed 4, hold\(\) at step 0 fails: Error/);
  });

  it("passes on what says by itself what is wrong", () => {
    const error = new DivergedError("the arm is gone");
    const step = () => {
      throw error;
    };
    const world = heldToContract(
      { task: "mine", env: { reset: () => seen, step }, hold: () => [0] },
      "mine.mjs",
    );
    expect(() => world.env.step([0])).toThrow(error);
  });

  it.each([
    [{ render: () => 42 }, "render() at step 0: what it gives: must be an SVG picture (found 42)"],
    [{ render: () => "hello" }, 'must be an SVG picture (found "hello")'],
    [
      { exercise: () => [Number.NaN] },
      "exercise() at step 0: what it gives: must be a list of finite numbers",
    ],
    [
      { demonstrate: () => ({ isSuccess: true }) },
      "demonstrate(4): steps: must be a list of { observation, action }",
    ],
  ])("is told what is wrong with what it may have: %#", (more, message) => {
    const world = heldToContract({ ...new Mine(), hold: () => [0], ...more }, "mine.mjs");
    const overlay = { action: [0], plan: [], caption: "" };
    const use = () => [world.render?.(overlay), world.exercise?.({}, 0), world.demonstrate?.(4)];
    expect(messageOf(use)).toContain(message);
  });

  it("is closed, at once or after a while, and a failure of that is named", async () => {
    const close = async () => {
      throw new Error("still busy");
    };
    const world = heldToContract({ ...new Mine(), hold: () => [0], close }, "mine.mjs");
    await expect(world.close?.()).rejects.toThrow(/^mine\.mjs: close\(\) fails: Error: still busy/);
  });
});
