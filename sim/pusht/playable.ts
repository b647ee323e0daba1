import type { World } from "../world.js";
import { PushTEnv } from "./env.js";
import type { PushTObservation } from "./observation.js";
import { renderSvg } from "./render.js";

/** PushT as a world to play. */
export function playablePushT() {
  const env = new PushTEnv();
  const point = ([x, y]: readonly number[]) => [x, y] as const;
  return {
    task: "pusht",
    env,
    /** The disc holds still when it is sent to where it is. */
    hold: ({ agent_position }: PushTObservation) => Array.from(agent_position),
    /** Targets that circle about the block. */
    exercise: ({ state: [, , x, y] }: PushTObservation, step) => [
      x + 40 * Math.cos(step / 7),
      y + 40 * Math.sin(step / 11),
    ],
    render: ({ action, plan, caption }) =>
      renderSvg(env.state(), { target: point(action), plan: plan.map(point), caption }),
  } satisfies World;
}
