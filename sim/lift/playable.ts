import { TableEnv } from "../table/env.js";
import { playableTable } from "../table/playable.js";
import { LiftExpert } from "./expert.js";
import { lift } from "./task.js";

/** Lift as a world to play. */
export async function playableLift() {
  return playableTable("lift", await TableEnv.open(lift), (random) => new LiftExpert(random));
}
