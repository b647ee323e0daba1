import { TableEnv } from "../table/env.js";
import { playableTable } from "../table/playable.js";
import type { World } from "../world.js";
import { LiftExpert } from "./expert.js";
import { lift } from "./task.js";

/** Lift as a world to play. */
export async function playableLift(): Promise<World> {
  return playableTable(await TableEnv.open(lift), (random) => new LiftExpert(random));
}
