/** Where a tick's time goes, in the order in which a tick passes through. */
export const STAGES = [
  "receive",
  "history",
  "normalise",
  "queue",
  "solve",
  "denormalise",
  "deliver",
  "plan",
  "publish",
] as const;

export type Stage = (typeof STAGES)[number];

/** The stages that the worker's timings tell, and those that the tick itself does. */
export const SOLVE_STAGES = ["normalise", "queue", "solve", "denormalise", "deliver"] as const;
export const LOOP_STAGES = ["receive", "history", "plan", "publish"] as const;
