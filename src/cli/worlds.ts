import { playableLift } from "../../sim/lift/playable.js";
import { playablePushT } from "../../sim/pusht/playable.js";
import { playableStack } from "../../sim/stack/playable.js";
import type { World } from "../../sim/world.js";
import { ConfigurationError } from "../policy/errors.js";

const worlds: Readonly<Record<string, () => World | Promise<World>>> = {
  pusht: playablePushT,
  lift: playableLift,
  stack: playableStack,
};

/** Names of the worlds there are, for a person. */
export const WORLDS = Object.keys(worlds).join(", ");

export function hasWorld(task: string): boolean {
  return Object.hasOwn(worlds, task);
}

/** @throws ConfigurationError naming the worlds there are. */
export async function openWorld(task: string): Promise<World> {
  if (!hasWorld(task)) {
    throw new ConfigurationError(`there is no world "${task}"; there is ${WORLDS}`);
  }
  return worlds[task]();
}

/** So many worlds of a task, for episodes that are played at the same time. */
export async function openWorlds(task: string, count: number): Promise<World[]> {
  return Promise.all(Array.from({ length: count }, () => openWorld(task)));
}

/** @throws ConfigurationError when a policy is for another world. */
export function checkTask(world: string, policy: { readonly name: string; readonly task: string }): void {
  if (policy.task === world) return;
  throw new ConfigurationError(
    `the policy "${policy.name}" is for the world "${policy.task}", not for "${world}"; play it there, or give another policy`,
  );
}
