import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RecordedEvent } from "../../src/recording/mcap-schema.js";
import { Recording } from "../../src/recording/recording.js";
import { says } from "../cli/process.js";
import { interrupted, Processes, stopped, told } from "./processes.js";

let processes: Processes;
beforeAll(async () => {
  processes = await Processes.open();
});
afterEach(() => processes.end());
afterAll(() => processes.close());

describe("a disk that is full", () => {
  it("ends a recording, which can be read up to there, and not the loop", async () => {
    const file = processes.path("full.mcap");
    const node = await processes.nodeOn({ blocks: 100 }, "--record", file);
    // In real time, so that some of it reaches the disk before it is full.
    const simulator = processes.simulator(node.endpoint, "--real-time", "--episodes", "3");
    await says(node, /has stopped/);
    const full = (await node.log()).length;
    await node.logs(({ rung }) => rung === "fresh", full);
    const { steps } = await interrupted(simulator);
    expect(await stopped(node)).toBe(0);
    const { stderr } = node.output();
    expect(stderr.match(/has stopped/g)).toHaveLength(1);
    expect(stderr).toMatch(/the recording \S+full\.mcap has stopped: EFBIG.*The robot goes on without it/);
    expect(stderr).toMatch(
      /full\.mcap: [1-9]\d* events, .* MB; [1-9]\d* did not fit through and are missing/,
    );

    const recording = await Recording.open(file);
    expect(recording.truncated).toBe(true);
    const events: RecordedEvent[] = [];
    for await (const event of recording.events()) events.push(event);
    expect(events[0]).toMatchObject({ kind: "joined" });
    const ticks = events.filter(({ kind }) => kind === "tick").length;
    expect(ticks).toBeGreaterThan(0);
    expect(ticks).toBeLessThan(steps);
  });

  it("ends a log, which is said once, and not the loop", async () => {
    const node = await processes.nodeOn({ log: "/dev/full" });
    const { ladder } = await told(processes.simulator(node.endpoint, "--steps", "30"));
    expect(ladder.fresh).toBe(30);
    expect(await stopped(node)).toBe(0);
    const { stderr } = node.output();
    expect(stderr.match(/has stopped/g)).toHaveLength(1);
    expect(stderr).toContain("the log /dev/full has stopped: ENOSPC");
  });
});
