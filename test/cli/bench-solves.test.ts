import { describe, expect, it } from "vitest";
import { randomBundle } from "../policy/bundles.js";
import { expectRows } from "./bench-rows.js";
import { parapilot } from "./process.js";

describe("benchmarks that solve", () => {
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
  });

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
  ])("%s prints its rows", async (command, args) => {
    await expectRows(["bench", command, ...args, "--policy", await randomBundle(), "--threads", "1"]);
  });
});
