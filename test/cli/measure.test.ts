import { describe, expect, it } from "vitest";
import { parapilot } from "./process.js";

describe("the figures that others read", () => {
  it("eval prints one JSON object with scores, sweeps and times", async () => {
    const { code, stdout } = await parapilot(
      "eval",
      "pusht",
      "--episodes",
      "2",
      "--seed",
      "100001",
      "--json",
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      task: "pusht",
      policy: "pusht",
      rule: "ddpm",
      solver: "semilinear",
      episodes: 2,
      seeds: [100001, 100002],
      accepted_rate: 1,
      refused: 0,
    });
    expect(result.scores).toHaveLength(2);
    expect(result.score_mean).toBeGreaterThan(0.5);
    expect(result.sweeps.mean).toBeLessThan(10);
    expect(result.sweeps.p50).toBeLessThanOrEqual(result.sweeps.p90);
    expect(result.evals.mean).toBeGreaterThan(100);
    expect(Object.keys(result.solve_ms)).toEqual(expect.arrayContaining(["p50", "p90", "max"]));
  }, 180_000);

  it("the same seeds give the same scores", async () => {
    const args = ["eval", "pusht", "--episodes", "1", "--seed", "100004", "--threads", "1", "--json"];
    const [first, second] = [await parapilot(...args), await parapilot(...args)];
    expect(JSON.parse(first.stdout).scores).toEqual(JSON.parse(second.stdout).scores);
    expect(JSON.parse(first.stdout).sweeps).toEqual(JSON.parse(second.stdout).sweeps);
  }, 180_000);

  it("bench samplers prints a row per solver and start", async () => {
    const { code, stdout } = await parapilot("bench", "samplers", "--states", "2", "--stride", "8", "--json");
    expect(code).toBe(0);
    const { policy, tolerance, rows } = JSON.parse(stdout);
    expect({ policy, tolerance }).toEqual({ policy: "pusht", tolerance: 0.02 });
    const keys = rows.map(({ solver, start }: { solver: string; start: string }) => `${solver} ${start}`);
    expect(keys).toEqual(
      expect.arrayContaining(["semilinear cold", "semilinear warm", "picard cold", "sequential cold"]),
    );
    const cold = rows.find(
      ({ solver, start }: { solver: string; start: string }) => solver + start === "semilinearcold",
    );
    expect(cold).toMatchObject({ rule: "ddpm", stride: 8, states: 2 });
    expect(cold.error_p99).toBeLessThan(0.1);
    expect(cold.sweeps_accepted.mean).toBeLessThan(15);
  }, 180_000);
});
