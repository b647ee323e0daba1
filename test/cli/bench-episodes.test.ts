import { describe, expect, it } from "vitest";
import { randomBundle } from "../policy/bundles.js";
import { expectRows } from "./bench-rows.js";
import { parapilot } from "./process.js";

/** A solver that is fast everywhere. */
const QUICK = ["--rule", "ddim", "--steps", "4", "--solver", "sequential"];

describe("benchmarks that play episodes", () => {
  // Of a policy that is solved in no time: what they measure is of no interest here.
  it.each([
    ["budget", ["--episodes", "1", "--share", "100", "--share", "50", ...QUICK]],
    ["seams", ["--episodes", "1", "--only", "none", "quintic", ...QUICK]],
  ])("%s prints its rows", async (command, args) => {
    await expectRows(["bench", command, ...args, "--policy", await randomBundle(), "--threads", "1"]);
  });

  it("envs holds episodes played several at a time beside those played one by one", async () => {
    const { code, stdout } = await parapilot(
      ...["bench", "envs", "--envs", "1", "--envs", "2", "--episodes", "2", ...QUICK, "--json"],
      ...["--policy", await randomBundle(), "--threads", "1"],
    );
    expect(code).toBe(0);
    const { policy, rounds, rows } = JSON.parse(stdout);
    expect({ policy, rounds }).toEqual({ policy: "random-8-16-32", rounds: 1 });
    const [one, two] = rows;
    expect(one).toMatchObject({ envs: 1, speed_up: 1, score_difference_max: 0, episodes_that_differ: 0 });
    expect(two.speed_up).toBeCloseTo(one.wall_s / two.wall_s, 6);
    expect(two.first_chunk_difference_max).toBeLessThan(1e-4);
    expect(two.scores).toHaveLength(2);
  });
});
