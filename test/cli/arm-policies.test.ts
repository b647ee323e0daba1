import { expect, it } from "vitest";
import { parapilot } from "./process.js";

/** Whole episodes: of a wrong frame, unit, calibration or gripper, one of them would be lost. */
const EPISODES = 3;

it.each(["lift", "stack"])(
  "the policy that ships for %s does what it is for, in few sweeps",
  async (task) => {
    const { code, stdout } = await parapilot("eval", task, "--episodes", String(EPISODES), "--json");
    expect(code).toBe(0);
    const { policy, scores, silent_steps, held_steps, accepted_rate, sweeps } = JSON.parse(stdout);
    expect({ policy, scores, silent_steps, held_steps, accepted_rate }).toEqual({
      policy: task,
      scores: Array(EPISODES).fill(1),
      silent_steps: 0,
      held_steps: 0,
      accepted_rate: 1,
    });
    // About 4.5, of a chain of 100.
    expect(sweeps.mean).toBeLessThan(8);
  },
);
