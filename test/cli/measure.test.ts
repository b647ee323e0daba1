import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anotherFunction, roundedOtherwise } from "../inference/rounded.js";
import { changedBundle, optimizedBundle, temporaryFolder } from "../policy/bundles.js";
import { parapilot } from "./process.js";

/** A solver that is fast everywhere. */
const QUICK = ["--rule", "ddim", "--steps", "4", "--solver", "sequential"];

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
      silent_steps: 0,
    });
    expect(result.scores).toHaveLength(2);
    expect(result.score_mean).toBeGreaterThan(0.5);
    expect(result.sweeps.mean).toBeLessThan(10);
    expect(result.sweeps.p50).toBeLessThanOrEqual(result.sweeps.p90);
    expect(result.evals.mean).toBeGreaterThan(100);
    expect(Object.keys(result.solve_ms)).toEqual(expect.arrayContaining(["p50", "p90", "max"]));
  }, 180_000);

  it("eval plays several worlds at a time with the scores of one, and says how fast", async () => {
    const args = ["eval", "pusht", "--episodes", "3", "--threads", "1", ...QUICK, "--json"];
    const [one, three] = [await parapilot(...args), await parapilot(...args, "--envs", "3")].map(
      ({ stdout }) => JSON.parse(stdout),
    );
    expect([one.envs, three.envs]).toEqual([1, 3]);
    for (const [k, score] of three.scores.entries()) expect(score).toBeCloseTo(one.scores[k], 3);
    expect(three.sweeps).toEqual(one.sweeps);
    expect(three.episodes_per_minute).toBeCloseTo(3 / (three.wall_s / 60), 6);
  }, 180_000);

  it("bench envs holds episodes played several at a time beside those played one by one", async () => {
    const { code, stdout } = await parapilot(
      ...["bench", "envs", "--envs", "1", "--envs", "2", "--episodes", "2", ...QUICK, "--json"],
    );
    expect(code).toBe(0);
    const { policy, rounds, rows } = JSON.parse(stdout);
    expect({ policy, rounds }).toEqual({ policy: "pusht", rounds: 1 });
    const [one, two] = rows;
    expect(one).toMatchObject({ envs: 1, speed_up: 1, score_difference_max: 0, episodes_that_differ: 0 });
    expect(two.speed_up).toBeCloseTo(one.wall_s / two.wall_s, 6);
    expect(two.first_chunk_difference_max).toBeLessThan(1e-4);
    expect(two.scores).toHaveLength(2);
  }, 180_000);

  it("the same seeds give the same scores", async () => {
    const args = ["eval", "pusht", "--episodes", "1", "--seed", "100004", "--threads", "1", "--json"];
    const [first, second] = [await parapilot(...args), await parapilot(...args)];
    expect(JSON.parse(first.stdout).scores).toEqual(JSON.parse(second.stdout).scores);
    expect(JSON.parse(first.stdout).sweeps).toEqual(JSON.parse(second.stdout).sweeps);
  }, 180_000);

  it("bench sweep-graph times both ways of a sweep, and solves in the graph as well as around it", async () => {
    const { code, stdout } = await parapilot(
      ...["bench", "sweep-graph", "--sweeps", "2", "--rounds", "1", "--states", "1", "--json"],
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

  it("bench samplers prints a row per solver and start, and writes a page that loads nothing", async () => {
    const report = join(await temporaryFolder(), "samplers.html");
    const { code, stdout } = await parapilot(
      "bench",
      "samplers",
      ...["--states", "2", "--stride", "8", "--only", "ddpm-100", "paraddpm", "semilinear", "speculative"],
      ...["--report", report, "--json"],
    );
    expect(code).toBe(0);
    const { policy, tolerance, rows } = JSON.parse(stdout);
    expect({ policy, tolerance }).toEqual({ policy: "pusht", tolerance: 0.02 });
    const keys = rows.map(({ solver, start }: { solver: string; start: string }) => `${solver} ${start}`);
    expect(keys).toEqual([
      "sequential cold",
      "picard cold",
      "picard warm",
      "speculative cold",
      "speculative warm",
      "semilinear cold",
      "semilinear warm",
    ]);
    const cold = rows.find(({ name, start }: Row) => name === "semilinear calibrated" && start === "cold");
    expect(cold).toMatchObject({ rule: "ddpm", steps: 100, stride: 8, states: 2 });
    expect(cold.error_p99).toBeLessThan(0.1);
    expect(cold.sweeps_accepted.mean).toBeLessThan(6);
    expect(cold.evals_mean).toBeLessThan(500);
    const law = rows.find(({ name }: Row) => name === "speculative");
    expect(law).toMatchObject({ error_p50: null, sweeps_to_tolerance: null });
    const page = await readFile(report, "utf8");
    expect(page).toContain("semilinear calibrated");
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="(?!data:)/);
  }, 180_000);

  it("bench table makes Markdown of what bench samplers printed", async () => {
    const file = join(await temporaryFolder(), "run.json");
    const run = await parapilot("bench", "samplers", "--states", "1", "--only", "ddim-4", "--json");
    await writeFile(file, run.stdout);
    const { code, stdout } = await parapilot("bench", "table", file);
    expect(code).toBe(0);
    expect(stdout).toContain("| DDIM-4 | ddim, 4 steps | – |");
    expect((await parapilot("bench", "table", "package.json")).stderr).toContain("holds no rows of samplers");
  }, 180_000);

  it.each([
    ["convergence", ["--steps", "25", "--samples", "20"]],
    ["window", ["--states", "1", "--window", "20"]],
    ["tolerance", ["--states", "1", "--only", "semilinear", "--tolerance", "0.1"]],
    ["overhead", ["--solves", "3"]],
    ["planner", ["--states", "1", "--repeats", "1", "--stride", "8"]],
    ["acceptance", ["--ticks", "2"]],
    ["budget", ["--episodes", "1", "--share", "100", "--share", "50", ...QUICK]],
    ["seams", ["--episodes", "1", "--only", "none", "quintic", ...QUICK]],
  ])(
    "bench %s prints its rows",
    async (command, args) => {
      const { code, stdout } = await parapilot("bench", command, ...args, "--json");
      expect(code).toBe(0);
      const { rows } = JSON.parse(stdout);
      expect(rows.length).toBeGreaterThan(1);
      const text = await parapilot("bench", command, ...args);
      expect(text.stdout.split("\n").length).toBeGreaterThan(rows.length);
    },
    180_000,
  );

  describe("of a policy with optimised graphs", () => {
    const policy = async () => {
      const network = await readFile("policies/pusht/denoiser.onnx");
      return optimizedBundle([{ bytes: roundedOtherwise(network), fromRows: 5 }]);
    };
    const QUICKLY = ["--batch", "1", "--batch", "6", "--threads", "1"];

    it("bench network prints what they are worth, and which graph answered", async () => {
      const folder = await policy();
      const { code, stdout } = await parapilot("bench", "network", folder, ...QUICKLY, "--json");
      expect(code).toBe(0);
      const { rows, ratios, ...what } = JSON.parse(stdout);
      expect(what).toEqual({ policy: "pusht", provider: "cpu", threads: 1 });
      const ms_p50 = expect.any(Number);
      expect(rows).toEqual([
        { graph: "original", file: "denoiser.onnx", batch: 1, ms_p50 },
        { graph: "optimized", file: "denoiser.onnx", batch: 1, ms_p50 },
        { graph: "original", file: "denoiser.onnx", batch: 6, ms_p50 },
        { graph: "optimized", file: "graph-0.onnx", batch: 6, ms_p50 },
      ]);
      expect(ratios).toEqual([
        { batch: 1, ratio: rows[1].ms_p50 / rows[0].ms_p50, difference: 0 },
        { batch: 6, ratio: rows[3].ms_p50 / rows[2].ms_p50, difference: expect.any(Number) },
      ]);
      expect(ratios[1].difference).toBeGreaterThan(0);
      expect(ratios[1].difference).toBeLessThan(1e-4);
      const text = (await parapilot("bench", "network", folder, ...QUICKLY)).stdout;
      expect(text).toMatch(/^6 +\d+\.\d\d +\d+\.\d\d +\d\.\d\d +\de-\d +graph-0\.onnx$/m);
    }, 60_000);

    it("bench network measures the original alone where there are none, and says how to make one", async () => {
      const folder = await optimizedBundle([]);
      const { code, stdout, stderr } = await parapilot("bench", "network", folder, ...QUICKLY, "--json");
      expect(code).toBe(0);
      const { rows, ratios } = JSON.parse(stdout);
      expect(rows.map(({ graph, batch }: { graph: string; batch: number }) => [graph, batch])).toEqual([
        ["original", 1],
        ["original", 6],
      ]);
      expect(ratios).toEqual([]);
      expect(stderr).toContain(`parapilot optimize ${folder} --out`);
    }, 60_000);

    it("inspect shows them, and what ran", async () => {
      const { stdout } = await parapilot("inspect", await policy(), "--threads", "1");
      expect(stdout).toMatch(
        /^ {2}optimised {4}graph-0\.onnx for the cpu from 5 rows on, 1\d\.\d MB, checksum as stated$/m,
      );
      expect(stdout).toMatch(/^ {2}check .*, denoiser\.onnx, from 5 rows on graph-0\.onnx: one chunk/m);
    }, 60_000);

    it("inspect refuses them when they compute something else", async () => {
      const network = await readFile("policies/pusht/denoiser.onnx");
      const bytes = anotherFunction(network);
      const { code, stderr } = await parapilot("inspect", await optimizedBundle([{ bytes, fromRows: 5 }]));
      expect(code).toBe(1);
      expect(stderr).toContain("the optimised graphs answer otherwise than denoiser.onnx");
    }, 60_000);
  });

  it("calibrate learns a file that inspect and eval then use", async () => {
    const folder = await changedBundle();
    expect((await parapilot("inspect", folder)).stdout).toContain("calibration  none");
    const { code, stdout } = await parapilot("calibrate", folder, "--ticks", "3", "--states", "1", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ policy: "pusht", ticks: 3, states: 1 });
    const { stdout: inspected } = await parapilot("inspect", folder);
    expect(inspected).toContain("calibration  response at 1 states, guess from 3 ticks");
  }, 180_000);

  it("eval takes any rule with any solver, and says which", async () => {
    const args = ["--episodes", "1", "--rule", "ddim", "--steps", "10", "--solver", "anderson", "--json"];
    const result = JSON.parse((await parapilot("eval", "pusht", ...args)).stdout);
    expect(result).toMatchObject({ rule: "ddim", solver: "anderson" });
    expect(result.settings).toContain("anderson (ddim, 10 steps)");
  }, 180_000);
});

interface Row {
  readonly name: string;
  readonly start: string;
}
