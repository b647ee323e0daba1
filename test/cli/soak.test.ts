import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../policy/bundles.js";
import { parapilot } from "./process.js";

const FAST = ["--rule", "ddim", "--steps", "2", "--solver", "sequential", "--threads", "1"];

describe("bench soak", () => {
  it.each([
    { pace: "lock-step, in memory", args: ["--ticks", "240"], ticks: 240 },
    { pace: "real time, ZeroMQ", args: ["--real-time", "--minutes", "0.2"], ticks: 120 },
  ])("plays on and on and says what the process holds: $pace", async ({ pace, args, ticks }) => {
    const scratch = await temporaryFolder();
    const { stdout, stderr } = await parapilot(
      "bench",
      "soak",
      ...args,
      ...FAST,
      ...["--scratch", scratch, "--json"],
    );
    expect(stdout, stderr).not.toBe("");
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      policy: "pusht",
      pace,
      steps: ticks,
      unsafe_actions: 0,
      workers_lost: 0,
    });
    expect(result.ticks).toBeGreaterThan(0);
    const names = result.rows.map(({ name }: { name: string }) => name);
    expect(names).toEqual([
      "heap",
      "worker_heaps",
      "external",
      "rss",
      "handles",
      "descriptors",
      "loop_delay_p99",
    ]);
    for (const { level, last } of result.rows.slice(0, 5)) {
      expect(level).toBeGreaterThan(0);
      expect(last).toBeGreaterThan(0);
    }
    expect(result.samples.tick.length).toBe(8);
    expect(result.samples.tick.at(-1)).toBe(ticks);
    expect(result.recording.written).toBeGreaterThan(ticks);
    expect(result.recording.bytes).toBeGreaterThan(0);
    // A run of some seconds is all warm-up, and so tells nothing of the memory; but no handle may be left behind.
    const handles = result.rows.find(({ name }: { name: string }) => name === "descriptors");
    expect(handles.grows).toBe(false);
    expect(await readdir(scratch)).toEqual([]);
  });

  it("ends with code 1 exactly when it says that something grows", async () => {
    const scratch = await temporaryFolder();
    const args = ["--ticks", "40", ...FAST, "--no-record", "--scratch", scratch];
    const { code, stdout } = await parapilot("bench", "soak", ...args);
    expect(stdout).toContain("worker heaps MB");
    expect(stdout).toContain("recording none");
    expect(code).toBe(stdout.includes("nothing grows") ? 0 : 1);
  });
});
