import type { World } from "../../sim/world.js";

const worlds = new Set<World>();

/** Has a world closed when the command ends, however it ends: what a world holds may keep the process alive. */
export function closedInTheEnd(world: World): World {
  worlds.add(world);
  return world;
}

/** Closes all of them, and throws what the first one of those threw that cannot be. */
export async function closeWorlds(): Promise<void> {
  const all = [...worlds];
  worlds.clear();
  const ended = await Promise.allSettled(all.map(async (world) => world.close?.()));
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
