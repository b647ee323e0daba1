import { fileURLToPath } from "node:url";
import { ConfigurationError } from "../src/policy/errors.js";
import { DivergedError } from "./mujoco/divergence.js";

/**
 * What somebody else's code has thrown, told with its own calls only: they say where to look.
 *
 * @param what was asked of it, for its user.
 * @param caller the module that called it (`import.meta.url`).
 */
export function foreignFailure(what: string, thrown: unknown, caller: string): Error {
  if (thrown instanceof ConfigurationError || thrown instanceof DivergedError) return thrown;
  return new ConfigurationError(`${what}: ${told(thrown, fileURLToPath(caller))}`, { cause: thrown });
}

function told(thrown: unknown, caller: string): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const lines = (thrown.stack ?? String(thrown)).split("\n");
  const ours = lines.findIndex((line) => /^ +at /.test(line) && line.includes(caller));
  const theirs = ours < 0 ? lines : lines.slice(0, ours);
  return theirs.filter((line) => !/^ +at .*\bnode:internal\//.test(line)).join("\n");
}
