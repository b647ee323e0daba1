import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBundle } from "../../src/policy/bundle.js";
import { recordingHeader } from "../../src/recording/mcap-header.js";
import { Recorder } from "../../src/recording/recorder.js";
import { Recording } from "../../src/recording/recording.js";
import { parapilot } from "./process.js";
import { record, replayed } from "./recorded-run.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parapilot-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("parapilot replay", () => {
  let lockStep: string;
  beforeAll(async () => {
    lockStep = await record({ folder, name: "lock-step" });
  });

  it("finds a run in lock-step bit-equal, and says so", async () => {
    const { code, stdout } = await parapilot("replay", lockStep);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "bit-equal: 60 actions from 8 solves\n" });
  });

  it("compares with another solver", async () => {
    const { code, result } = await replayed(lockStep, "--solver", "sequential");
    expect(code).toBe(0);
    expect(result).toMatchObject({ solves: 8, compared: 8, again: { accepted: 8, evaluations_mean: 100 } });
    expect(result.recorded.evaluations_mean).toBeGreaterThan(100);
    expect(result.difference.max).toBeGreaterThan(0);
    expect(result.difference.p50).toBeLessThan(0.1);
    const { stdout } = await parapilot("replay", lockStep, "--solver", "sequential");
    expect(stdout).toMatch(/^again +8 of 8 +\d+\.\d\d +100 +[\d.]+ +sequential/m);
    expect(stdout).toMatch(/the executed actions of 8 chunks differ by p50 [\d.e-]+, p99/);
  });

  it("compares under a budget that allows one sweep, with nothing accepted on both sides", async () => {
    const { code, stdout } = await parapilot("replay", lockStep, "--budget-solve", "1 us", "--cold");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^again +0 of 8 +– +– +–/m);
    expect(stdout).toContain("nothing to compare");
  });

  it("compares with the same solver and finds no difference", async () => {
    const { result } = await replayed(lockStep, "--noise-seed", "0");
    expect(result.difference).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  it("replays a recording that was cut off up to its end", async () => {
    const bytes = await readFile(lockStep);
    const file = join(folder, "cut.mcap");
    await writeFile(file, bytes.subarray(0, Math.floor(0.7 * bytes.length)));
    const { code, result, stderr } = await replayed(file);
    expect(stderr).toContain(`${file} was never finished`);
    expect(result).toMatchObject({ exact: true, truncated: true, differences: 0 });
    expect(code).toBe(0);
  });

  it("exits with 1 and names the first action that is not as recorded", async () => {
    const recording = await Recording.open(lockStep);
    const file = join(folder, "altered.mcap");
    const recorder = await Recorder.open(file, recording.header, () => {});
    for await (const event of recording.events()) {
      if (event.kind === "dropped") continue;
      const isAltered = event.kind === "tick" && event.step === 20;
      recorder.record(isAltered ? { ...event, action: event.action.map(Math.fround), rung: "hold" } : event);
    }
    await recorder.close();
    const { code, stdout } = await parapilot("replay", file);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^1 difference in 60 actions and 8 solves\nthe first: robot \w+, episode 1, step 20: rung is fresh instead of hold\n$/,
    );
  });

  it("refuses to replay exactly what was dropped in part, and compares it all the same", async () => {
    const { header } = await Recording.open(lockStep);
    const file = join(folder, "dropped.mcap");
    const recorder = await Recorder.open(file, header, () => {}, { queue: { events: 0, bytes: 0 } });
    recorder.record({ kind: "joined", at: 1, robot: "arm" });
    await recorder.close();
    const exact = await parapilot("replay", file);
    expect(exact).toMatchObject({ code: 1, stdout: "" });
    expect(exact.stderr).toMatch(/1 events? (was|were) dropped while .* compare with --solver/);
    expect((await replayed(file, "--solver", "sequential")).result).toMatchObject({ lost: 1, solves: 0 });
  });

  it("refuses a policy that is not as it was, and says what to do", async () => {
    const file = join(folder, "changed.mcap");
    const bundle = await loadBundle("policies/pusht");
    const { header } = await Recording.open(lockStep);
    const setup = { ...header, bundle, budgets: header.budgets, plan: header.plan };
    const made = recordingHeader(setup);
    const other = { ...made, bundle: { ...made.bundle, network: "0".repeat(64) } };
    await (await Recorder.open(file, other, () => {})).close();
    const { code, stderr } = await parapilot("replay", file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is not as it was when this was recorded \(network 0{12}…, now .*--policy/);
  });

  it.each([
    [["--budget-solve", "40"], /--budget-solve is "40": it must be a duration/],
    [["--solver", "auto"], /auto would choose anew/],
    [["--policy", "nowhere"], /nowhere/],
  ])("refuses %j in words", async (args, words) => {
    const { code, stderr } = await parapilot("replay", lockStep, ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain("    at ");
  });

  it("refuses a file that is not there, or no recording", async () => {
    expect((await parapilot("replay", join(folder, "none.mcap"))).stderr).toContain("cannot read");
    expect((await parapilot("replay", "package.json")).stderr).toContain("is not an MCAP file");
  });
});
