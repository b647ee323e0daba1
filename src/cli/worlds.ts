import { playableLift } from "../../sim/lift/playable.js";
import { playablePushT } from "../../sim/pusht/playable.js";
import { playableStack } from "../../sim/stack/playable.js";
import type { World } from "../../sim/world.js";
import { ConfigurationError } from "../policy/errors.js";
import { closedInTheEnd } from "./opened-worlds.js";
import { isFile, openOwnWorld } from "./own-world.js";

const shipped: Readonly<Record<string, () => World | Promise<World>>> = {
  pusht: playablePushT,
  lift: playableLift,
  stack: playableStack,
};

/** Names of the worlds that ship, for a person. */
export const WORLDS = Object.keys(shipped).join(", ");

/** What a command line takes for a world, for a person. */
export const WORLD_ARGUMENT = `the world: ${WORLDS}, or a JavaScript file with your own`;

export function isShipped(task: string): boolean {
  return Object.hasOwn(shipped, task);
}

/**
 * A world that is open until the command ends.
 *
 * @param name of a world that ships, or a file.
 * @throws ConfigurationError naming the worlds there are, or what is wrong with the file.
 */
export async function openWorld(name: string): Promise<World> {
  if (isFile(name)) return closedInTheEnd(await openOwnWorld(name));
  if (!isShipped(name)) {
    throw new ConfigurationError(
      `there is no world "${name}", only ${WORLDS}; give the file of your own (.mjs)`,
    );
  }
  return closedInTheEnd(await shipped[name]());
}

/** So many worlds of a kind, for episodes that are played at the same time. */
export async function openWorlds(name: string, count: number): Promise<World[]> {
  return oneByOne(count, () => openWorld(name));
}

interface NamedPolicy {
  readonly name: string;
  readonly task: string;
}

/**
 * The world of a policy: the one that ships by the name of its task, unless a file is given.
 *
 * @throws ConfigurationError as `openWorld`, and when a policy is for another world.
 */
export async function openWorldOf(policy: NamedPolicy, file: string | undefined): Promise<World> {
  if (file === undefined && !isShipped(policy.task)) {
    throw new ConfigurationError(
      `the world "${policy.task}" of the policy "${policy.name}" does not ship, only ${WORLDS} do; give its file, --world <file>`,
    );
  }
  const world = await openWorld(file ?? policy.task);
  checkTask(world, policy);
  return world;
}

/** So many of them, for episodes that are played at the same time. */
export async function openWorldsOf(
  policy: NamedPolicy,
  file: string | undefined,
  count: number,
): Promise<World[]> {
  return oneByOne(count, () => openWorldOf(policy, file));
}

/** None is still being opened when one cannot be. */
async function oneByOne(count: number, open: () => Promise<World>): Promise<World[]> {
  const worlds: World[] = [];
  while (worlds.length < count) worlds.push(await open());
  return worlds;
}

/** @throws ConfigurationError when a policy is for another world. */
export function checkTask({ task }: World, policy: NamedPolicy): void {
  if (policy.task === task) return;
  throw new ConfigurationError(
    `the policy "${policy.name}" is for the world "${policy.task}", not for "${task}"; play it there, or give another policy`,
  );
}
