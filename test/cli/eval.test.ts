import { describe, expect, it } from "vitest";
import { randomBundle } from "../policy/bundles.js";
import { parapilot } from "./process.js";

describe("eval", () => {
  it("prints one JSON object with scores, sweeps and times; the same seed gives the same score", async () => {
    // Two that are at the goal soon.
    const [first, second] = [100028, 100029];
    const args = ["eval", "pusht", "--threads", "1", "--json"];
    const { code, stdout } = await parapilot(...args, "--episodes", "2", "--seed", String(first));
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      task: "pusht",
      policy: "pusht",
      rule: "ddpm",
      solver: "semilinear",
      episodes: 2,
      seeds: [first, second],
      accepted_rate: 1,
      silent_steps: 0,
    });
    expect(result.scores).toHaveLength(2);
    expect(result.score_mean).toBeGreaterThan(0.5);
    expect(result.sweeps.mean).toBeLessThan(10);
    expect(result.sweeps.p50).toBeLessThanOrEqual(result.sweeps.p90);
    expect(result.evals.mean).toBeGreaterThan(100);
    expect(Object.keys(result.solve_ms)).toEqual(expect.arrayContaining(["p50", "p90", "max"]));

    const again = JSON.parse((await parapilot(...args, "--episodes", "2", "--seed", String(first))).stdout);
    expect(again.scores).toEqual(result.scores);
    expect(again.sweeps).toEqual(result.sweeps);
  });

  it("plays several worlds at a time with the scores of one, and says how fast", async () => {
    const quick = ["--rule", "ddim", "--steps", "4", "--solver", "sequential"];
    const args = [
      "eval",
      "pusht",
      "--episodes",
      "3",
      "--seed",
      "100028",
      "--threads",
      "1",
      ...quick,
      "--json",
    ];
    const [one, three] = [await parapilot(...args), await parapilot(...args, "--envs", "3")].map(
      ({ stdout }) => JSON.parse(stdout),
    );
    expect([one.envs, three.envs]).toEqual([1, 3]);
    for (const [k, score] of three.scores.entries()) expect(score).toBeCloseTo(one.scores[k], 3);
    expect(three.sweeps).toEqual(one.sweeps);
    expect(three.episodes_per_minute).toBeCloseTo(3 / (three.wall_s / 60), 6);
  });

  it("takes any rule with any solver, and says which", async () => {
    const args = ["--episodes", "1", "--rule", "ddim", "--steps", "10", "--solver", "anderson", "--json"];
    const policy = ["--policy", await randomBundle(), "--threads", "1"];
    const result = JSON.parse((await parapilot("eval", "pusht", ...args, ...policy)).stdout);
    expect(result).toMatchObject({ rule: "ddim", solver: "anderson" });
    expect(result.settings).toContain("anderson (ddim, 10 steps)");
  });
});
