import { type PlayablePushT, playablePushT } from "../../sim/pusht/playable.js";
import { ConfigurationError } from "../policy/errors.js";

/** The worlds that `sim` and `eval` can drive. */
const worlds: Readonly<Record<string, () => PlayablePushT>> = { pusht: playablePushT };

/** @throws ConfigurationError naming the worlds there are. */
export function openWorld(task: string): PlayablePushT {
  if (!Object.hasOwn(worlds, task)) {
    throw new ConfigurationError(`there is no world "${task}"; there is ${Object.keys(worlds).join(", ")}`);
  }
  return worlds[task]();
}

/** So many worlds of a task, for episodes that are played at the same time. */
export async function openWorlds(task: string, count: number): Promise<PlayablePushT[]> {
  return Promise.all(Array.from({ length: count }, () => openWorld(task)));
}
