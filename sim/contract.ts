import { z } from "zod";
import { ConfigurationError, describeIssues } from "../src/policy/errors.js";
import { foreignFailure } from "./foreign-failure.js";
import type { World } from "./world.js";

const numbers = z.custom<ArrayLike<number>>(areFinite, "must be a list of finite numbers");
const observation = z.record(z.string(), numbers, "must be an object of lists of numbers, by name");
const flag = z.boolean("must be true or false");
const share = "must be how far the task is: a number from 0 to 1, which is success";

const afterReset = z.object({ observation }, "must give { observation }");
const afterStep = z.object(
  {
    observation,
    reward: z.number("must be a finite number"),
    terminated: flag,
    truncated: flag,
    info: z.object(
      { progress: z.number(share).min(0, share).max(1, share) },
      "must be an object with progress",
    ),
  },
  "must give { observation, reward, terminated, truncated, info }",
);

const picture = z.string("must be an SVG picture").includes("<svg", "must be an SVG picture");
const demonstration = z.object(
  {
    isSuccess: flag,
    steps: z.array(z.object({ observation, action: numbers }), "must be a list of { observation, action }"),
  },
  "must give { seed, isSuccess, steps }",
);

const method = z.custom((value) => typeof value === "function", "must be a function");
const optional = method.optional();
const shape = z.object(
  {
    task: z.string("must be a name, the one that policies for it have as task").min(1, "must not be empty"),
    env: z.object({ reset: method, step: method }, "must be an object with reset and step"),
    hold: method,
    exercise: optional,
    render: optional,
    demonstrate: optional,
    close: optional,
  },
  "must be an object with task, env and hold",
);

/**
 * A world written by somebody else, which says at once, and by name, when it does not do as {@link World} says: a number
 * that is none would otherwise look like a policy that fails.
 *
 * @param name of the world, for its user.
 * @throws ConfigurationError here when something is missing, later when a call fails or gives something else than it should.
 */
export function heldToContract(given: unknown, name: string): World {
  const result = shape.safeParse(given);
  if (!result.success)
    throw new ConfigurationError(`${name}: ${describeIssues(result.error, given, "the world")}`);
  const world = given as World;
  const { env, exercise, render, demonstrate, close } = world;
  let episode = "";
  let step = 0;

  /** What a call gives, once it is known to be as it should. */
  const checked = <T>(what: string, schema: z.ZodType, call: () => T): T => {
    let value: T;
    try {
      value = call();
    } catch (thrown) {
      throw foreignFailure(`${name}: ${what} fails`, thrown, import.meta.url);
    }
    if (value instanceof Promise) {
      value.catch(() => {});
      throw new ConfigurationError(
        `${name}: ${what} gives a promise, but worlds are stepped at once; what has to be waited for drives ` +
          "`parapilot run` over ZeroMQ instead",
      );
    }
    const result = schema.safeParse(value);
    if (result.success) return value;
    throw new ConfigurationError(`${name}: ${what}: ${describeIssues(result.error, value, "what it gives")}`);
  };
  return {
    task: world.task,
    env: {
      reset(options) {
        episode = `seed ${options.seed}, `;
        step = 0;
        return checked(`reset({ seed: ${options.seed} })`, afterReset, () => env.reset(options));
      },
      step(action) {
        const result = checked(`${episode}step ${step}`, afterStep, () => env.step(action));
        step += 1;
        return result;
      },
    },
    hold: (seen) => checked(`${episode}hold() at step ${step}`, numbers, () => world.hold(seen)),
    ...(exercise && {
      exercise: (seen, at) =>
        checked(`${episode}exercise() at step ${step}`, numbers, () => exercise.call(world, seen, at)),
    }),
    ...(render && {
      render: (overlay) =>
        checked(`${episode}render() at step ${step}`, picture, () => render.call(world, overlay)),
    }),
    ...(demonstrate && {
      demonstrate: (seed) =>
        checked(`demonstrate(${seed})`, demonstration, () => demonstrate.call(world, seed)),
    }),
    ...(close && {
      async close() {
        try {
          await close.call(world);
        } catch (thrown) {
          throw foreignFailure(`${name}: close() fails`, thrown, import.meta.url);
        }
      },
    }),
  };
}

function areFinite(value: unknown): boolean {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return isList && Array.from(value as ArrayLike<unknown>).every(Number.isFinite);
}
