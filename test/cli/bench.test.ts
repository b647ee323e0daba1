import { describe, expect, it } from "vitest";
import { randomBundle } from "../policy/bundles.js";
import { parapilot } from "./process.js";

/** A solver that is fast everywhere. */
const QUICK = ["--rule", "ddim", "--steps", "4", "--solver", "sequential"];

/** As JSON, and as text for people. */
async function expectRows(command: readonly string[]): Promise<void> {
  const { code, stdout } = await parapilot(...command, "--json");
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout);
  expect(rows.length).toBeGreaterThan(1);
  const text = await parapilot(...command);
  expect(text.stdout.split("\n").length).toBeGreaterThan(rows.length);
}

describe("bench", () => {
  it("sweep-graph times both ways of a sweep, and solves in the graph as well as around it", async () => {
    const { code, stdout } = await parapilot(
      ...["bench", "sweep-graph", "--sweeps", "2", "--rounds", "1", "--states", "1"],
      ...["--threads", "1", "--json"],
    );
    expect(code).toBe(0);
    const { policy, times, solves } = JSON.parse(stdout);
    expect(policy).toBe("pusht");
    expect(times).toMatchObject([
      { way: "loop", sweeps: 1 },
      { way: "graph", sweeps: 2 },
    ]);
    expect(solves.map(({ way, start }: { way: string; start: string }) => `${way} ${start}`)).toEqual([
      ...["loop cold", "loop warm", "graph cold", "graph warm"],
    ]);
    for (const { states, sweeps_mean, error_max } of solves) {
      expect(states).toBe(1);
      expect(sweeps_mean).toBeLessThan(10);
      expect(error_max).toBeLessThan(0.05);
    }
  }, 180_000);

  it("convergence prints its rows", async () => {
    await expectRows(["bench", "convergence", "--steps", "25", "--samples", "20"]);
  });

  // Of a policy that is solved in no time: what they measure is of no interest here.
  it.each([
    ["window", ["--states", "1", "--window", "20"]],
    ["tolerance", ["--states", "1", "--only", "semilinear", "--tolerance", "0.1"]],
    ["overhead", ["--solves", "3"]],
    ["planner", ["--states", "1", "--repeats", "1", "--stride", "8"]],
    ["acceptance", ["--ticks", "2"]],
    ["budget", ["--episodes", "1", "--share", "100", "--share", "50", ...QUICK]],
    ["seams", ["--episodes", "1", "--only", "none", "quintic", ...QUICK]],
  ])(
    "%s prints its rows",
    async (command, args) => {
      await expectRows(["bench", command, ...args, "--policy", await randomBundle(), "--threads", "1"]);
    },
    180_000,
  );

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
  }, 180_000);
});
