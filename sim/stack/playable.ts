import { TableEnv } from "../table/env.js";
import { playableTable } from "../table/playable.js";
import { StackExpert } from "./expert.js";
import { stack } from "./task.js";

/** Stack as a world to play. */
export async function playableStack() {
  return playableTable("stack", await TableEnv.open(stack), (random) => new StackExpert(random));
}
