import { z } from "zod";
import { ConfigurationError, describeIssues } from "../src/policy/errors.js";
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
 * @throws ConfigurationError here when something is missing, later when a call gives something else than it should.
 */
export function heldToContract(given: unknown, name: string): World {
  const check = (what: string, schema: z.ZodType, value: unknown): void => {
    if (value instanceof Promise) {
      value.catch(() => {});
      throw new ConfigurationError(
        `${name}: ${what} gives a promise, but worlds are stepped at once; what has to be waited for drives ` +
          "`parapilot run` over ZeroMQ instead",
      );
    }
    const result = schema.safeParse(value);
    if (result.success) return;
    throw new ConfigurationError(`${name}: ${what}: ${describeIssues(result.error, value)}`);
  };
  check("the world", shape, given);
  const world = given as World;
  const { env } = world;
  let step = 0;
  return {
    task: world.task,
    env: {
      reset(options) {
        step = 0;
        const result = env.reset(options);
        check(`reset({ seed: ${options.seed} })`, afterReset, result);
        return result;
      },
      step(action) {
        const result = env.step(action);
        check(`step ${step}`, afterStep, result);
        step += 1;
        return result;
      },
    },
    hold(seen) {
      const action = world.hold(seen);
      check(`hold() at step ${step}`, numbers, action);
      return action;
    },
    ...(world.exercise ? { exercise: world.exercise.bind(world) } : {}),
    ...(world.render ? { render: world.render.bind(world) } : {}),
    ...(world.demonstrate ? { demonstrate: world.demonstrate.bind(world) } : {}),
    ...(world.close ? { close: world.close.bind(world) } : {}),
  };
}

function areFinite(value: unknown): boolean {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return isList && Array.from(value as ArrayLike<unknown>).every(Number.isFinite);
}
