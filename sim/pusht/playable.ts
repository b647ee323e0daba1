import type { PlayableWorld } from "../play.js";
import { PushTEnv, type PushTInfo } from "./env.js";
import type { PushTObservation } from "./observation.js";

/** PushT as a world to play. */
export interface PlayablePushT extends PlayableWorld<PushTObservation, PushTInfo> {
  readonly env: PushTEnv;
}

/** The disc holds still when it is sent to where it is. */
export function playablePushT(): PlayablePushT {
  return {
    env: new PushTEnv(),
    hold: ({ agent_position }) => Array.from(agent_position),
  };
}
