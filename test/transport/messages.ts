import type { ActionMessage, ObservationMessage, PolicyMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";

/** One example of each larger message, to vary in tests. */
export function observationMessage(changes: Partial<ObservationMessage> = {}): ObservationMessage {
  return {
    type: "observation",
    id: 1,
    stamp: 123_456_789_012_345,
    episode: 0,
    step: 8,
    reply: "once",
    observation: { agent_pos: float32([96.5, 201]), keypoints: float32(new Float32Array(18), [9, 2]) },
    ...changes,
  };
}

export function actionMessage(changes: Partial<ActionMessage> = {}): ActionMessage {
  return {
    type: "action",
    id: 1,
    stamp: 123_456_789_012_345,
    episode: 0,
    step: 8,
    actions: float32(new Float32Array(15 * 2).fill(0.25), [15, 2]),
    commands: null,
    rung: "fresh",
    reason: "",
    missed: false,
    plan: {
      step: 8,
      outcome: "accepted",
      sweeps: 4,
      evaluations: 400,
      residual: 0.0123,
      solve_ms: 18.4,
      age_ms: 21.5,
    },
    ...changes,
  };
}

export const policyMessage: PolicyMessage = {
  type: "policy",
  name: "pusht",
  task: "push the T onto its outline",
  rate_hz: 10,
  command_rate_hz: 10,
  n_obs_steps: 2,
  horizon: 16,
  n_action_steps: 8,
  observation: [{ name: "agent_pos", shape: [2], unit: "px" }],
  action: [
    { name: "x", unit: "px", min: 0, max: 512 },
    { name: "y", unit: "px", min: 0, max: 512 },
  ],
  solver: "ddpm x semilinear",
  provider: "cpu",
  budgets: "none",
};

/** Waits until a condition holds; a test's own time-out is the only clock. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
