import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finished, parapilot, type Running, says, start } from "./process.js";

let folder: string;
/** Without a solve budget, so that the speed of this machine decides nothing. */
let launch: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parapilot-"));
  launch = join(folder, "launch.yaml");
  await writeFile(launch, `policy: ${resolve("policies/pusht")}\nruntime: { threads: 1 }\n`);
});
afterAll(() => rm(folder, { recursive: true }));

async function profiled(...args: readonly string[]) {
  const report = join(folder, "profile.html");
  const { code, stdout, stderr } = await parapilot("profile", ...args, "--report", report, "--json");
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return { result: JSON.parse(stdout), stderr, page: await readFile(report, "utf8") };
}

const number = expect.any(Number);
const spread = expect.objectContaining({ p50: number, p99: number, p999: number, max: number });

describe("parapilot profile of a launch file", () => {
  it("prints where the time goes in lock-step, and writes a page that loads nothing and a trace", async () => {
    const trace = join(folder, "trace.json");
    const { result, page } = await profiled(launch, "--ticks", "60", "--warmup", "8", "--trace", trace);
    expect(result).toMatchObject({
      ticks: 60,
      warmup_ticks: 8,
      silent_ticks: 0,
      missed: 0,
      unsafe_actions: 0,
      ladder: { fresh: 60, iterate: 0, rest: 0, hold: 0, stop: 0 },
      overhead_us: { p50: number, p99: number },
      end_to_end_ms: { p50: number, p99: number, max: number },
      pace: "lock-step",
      refused: {},
      workers_lost: 0,
      // One episode, cut off.
      score: null,
    });
    const stages = ["receive", "history", "queue", "normalise", "solve", "sweep 1", "network", "denormalise"];
    for (const stage of [...stages, "deliver", "plan", "publish"])
      expect(result.stages).toHaveProperty([stage], spread);
    expect(result.stages.solve.p50).toBeGreaterThan(result.stages.plan.p50);
    // Within the histogram's resolution.
    expect(result.stages.network.p50).toBeLessThanOrEqual(1.01 * result.stages.solve.p50);

    expect(page).not.toMatch(/\b(src|href)\s*=|@import|url\(|fetch\(|<link/i);
    expect(page).toContain("Parapilot: where the time of pusht goes");

    const { traceEvents } = JSON.parse(await readFile(trace, "utf8"));
    const names = new Set(traceEvents.map(({ name }: { name: string }) => name));
    for (const name of ["solve", "sweep 1", "order 1"]) expect([...names].join()).toContain(name);
  });

  it("scores the episodes that were played to their end", async () => {
    // Seed 100001 reaches the goal soon; an action in the budget's absence is the same on every machine.
    const { result } = await profiled(launch, "--ticks", "180", "--warmup", "0", "--seed", "100001");
    expect(result.ticks).toBe(180);
    expect(result.score).toBeGreaterThan(0);
    expect(result.score).toBeLessThanOrEqual(1);
  }, 240_000);

  it("counts every step in real time, under a budget that most solves miss", async () => {
    const budgets = ["--budget-solve", "20 ms"];
    const { result } = await profiled(launch, "--ticks", "30", "--warmup", "0", "--real-time", ...budgets);
    expect(result.ticks).toBeLessThanOrEqual(30);
    expect(result).toMatchObject({ pace: "paced", unsafe_actions: 0, settings: { pace: "real time" } });
    expect(result.missed).toBeGreaterThan(0);
    const culprits = Object.values(result.culprits as Record<string, number>);
    expect(culprits.reduce((sum, count) => sum + count, 0)).toBe(result.missed);
  });

  it("shows what faults do", async () => {
    const fault = "worker-crash@3,nan=0.1";
    const { result } = await profiled(
      launch,
      "--ticks",
      "60",
      "--warmup",
      "0",
      "--fault",
      fault,
      "--seed",
      "7",
    );
    expect(result).toMatchObject({
      unsafe_actions: 0,
      workers_lost: 1,
      settings: { faults: `${fault}, seed 7` },
    });
    // Without a budget the world waits for the next worker.
    expect(result.ladder).toMatchObject({ hold: 0, stop: 0 });
    expect(result.refused["invalid-observation"]).toBeGreaterThan(0);
  });

  it("says it in words to a person", async () => {
    const report = join(folder, "words.html");
    const { code, stdout, stderr } = await parapilot("profile", launch, "--ticks", "20", "--report", report);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^From observation to action .* overhead is .* of the tick\./);
    expect(stdout).toMatch(/^ladder +fresh 20 \(100%\)/m);
    expect(stdout).toMatch(/^silent +0 control steps/m);
    expect(stderr).toContain(`open ${report} in a browser`);
  });
});

describe("parapilot profile --attach", () => {
  let node: Running;
  async function startNode(): Promise<[endpoint: string, page: string]> {
    node = start("run", launch, "--endpoint", "tcp://127.0.0.1:*", "--view", "127.0.0.1:0");
    const [, endpoint, page] = await says(node, /pusht at (tcp:\S+)\n[\s\S]*watch it at (http:\S+),/);
    return [endpoint, page];
  }
  afterAll(() => node.child.kill("SIGKILL"));

  it("measures a running node, and what there is when that goes away", async () => {
    const [endpoint, page] = await startNode();
    const simulator = start("sim", "pusht", "--endpoint", endpoint, "--episodes", "9", "--real-time");
    const attached = ["--attach", page, "--warmup", "2"];
    const { result } = await profiled(...attached, "--ticks", "15");
    expect(result).toMatchObject({
      ticks: 15,
      warmup_ticks: 2,
      unsafe_actions: 0,
      score: null,
      pace: "paced",
    });
    expect(result.stages).toHaveProperty("publish", spread);

    const report = join(folder, "gone.html");
    const following = start("profile", ...attached, "--ticks", "100000", "--report", report);
    await says(following, /tick [1-9]\d*\/100000/);
    node.child.kill("SIGTERM");
    const { code, stdout, stderr } = await finished(following);
    simulator.child.kill("SIGKILL");
    expect(stderr).toMatch(/the node went away after \d+ of 100000 ticks/);
    expect(stdout).toContain("From observation to action");
    expect(code).toBe(0);
  });

  it("says how to start a node that can be watched when there is none", async () => {
    const { code, stderr } = await parapilot("profile", "--attach", "http://127.0.0.1:1");
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot follow the node at http:\/\/127\.0\.0\.1:1\/events.*parapilot run --view/);
  });
});

describe("parapilot profile refuses in words", () => {
  it.each([
    [[], /give either a launch file.* or --attach/],
    [["launch/pusht.yaml", "--attach", "http://127.0.0.1:1"], /give either a launch file/],
    [["nowhere.yaml"], /nowhere\.yaml/],
    [["launch/pusht.yaml", "--ticks", "0"], /whole number of at least 1/],
    [["launch/pusht.yaml", "--budget-solve", "40"], /a duration/],
    [["launch/pusht.yaml", "--fault", "lightning=1"], /lightning/],
    [["--attach", "not an address"], /not an address/],
    [["--attach", "http://127.0.0.1:1", "--fault", "drop=0.5"], /--attach/],
    [["--attach", "http://127.0.0.1:1", "--real-time"], /--attach/],
  ])("%j", async (args, words) => {
    const { code, stdout, stderr } = await parapilot("profile", ...args, "--report", join(folder, "no.html"));
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain("    at ");
  });
});
