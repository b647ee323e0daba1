import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { readdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ConfigurationError } from "../../src/policy/errors.js";
import { Recorder, type RecorderOptions } from "../../src/recording/recorder.js";
import { type RecordedEvent, Recording } from "../../src/recording/recording.js";
import type { LoopEvent } from "../../src/telemetry/loop-event.js";
import { temporaryFolder } from "../policy/bundles.js";
import { HEADER, loopEvent, observed } from "./events.js";

const CHILD = "dist/test/recording/record-child.js";
const run = promisify(execFile);
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function open(file: string, options: RecorderOptions = {}) {
  const troubles: string[] = [];
  const recorder = await Recorder.open(file, HEADER, (text) => troubles.push(text), {
    // A busy disk is none that hangs.
    patience: 600_000,
    ...options,
  });
  onTestFinished(async () => void (await recorder.close()));
  return { recorder, troubles };
}

async function eventsOf(file: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of (await Recording.open(file)).events()) events.push(event);
  return events;
}

const stepsOf = (events: readonly RecordedEvent[]) =>
  events.flatMap((event) => (event.kind === "observation" ? [event.step] : []));
const droppedIn = (events: readonly RecordedEvent[]) =>
  events.reduce((sum, event) => sum + (event.kind === "dropped" ? event.count : 0), 0);

test("what is recorded is read again, bit for bit, in its order, with its header", async () => {
  const file = join(await temporaryFolder(), "made", "run.mcap");
  const { recorder, troubles } = await open(file);
  const events = fc.sample(loopEvent, 500);
  for (const event of events) recorder.record(event);
  const figures = await recorder.close();
  expect(figures).toEqual({ written: 500, dropped: 0, bytes: (await stat(file)).size });

  const recording = await Recording.open(file);
  expect(recording.truncated).toBe(false);
  expect(recording.header).toEqual(HEADER);
  assert.deepStrictEqual(await eventsOf(file), events);
  expect(troubles).toEqual([]);
});

test("what the loop changes after an event was recorded does not reach the file", async () => {
  const file = join(await temporaryFolder(), "run.mcap");
  const { recorder } = await open(file);
  const event = observed(0) as LoopEvent & { readonly values: Float64Array };
  const before = event.values.slice();
  recorder.record(event);
  event.values.fill(-1);
  await recorder.close();
  expect(await eventsOf(file)).toMatchObject([{ values: before }]);
});

test("log times are wall time", async () => {
  const file = join(await temporaryFolder(), "run.mcap");
  const before = Date.now();
  const { recorder } = await open(file, { now: () => 500 });
  const after = Date.now();
  await recorder.close();
  const opened = Number((await Recording.open(file)).epochNs) / 1e6 + 500;
  expect(opened).toBeGreaterThanOrEqual(before - 1);
  expect(opened).toBeLessThanOrEqual(after + 1);
});

test("a queue that is full drops, and the file says where and how many", async () => {
  const file = join(await temporaryFolder(), "run.mcap");
  const { recorder } = await open(file, { queue: { events: 5, bytes: 1 << 20 } });
  // Nothing leaves the queue within one turn.
  for (let step = 0; step < 8; step++) recorder.record(observed(step));
  expect(recorder.figures().dropped).toBe(3);
  for (let before = 0; before < recorder.figures().dropped; ) {
    before = recorder.figures().dropped;
    await turn();
    recorder.record(observed(8));
  }
  const { written, dropped } = await recorder.close();
  const events = await eventsOf(file);
  expect(written).toBe(stepsOf(events).length);
  expect(droppedIn(events)).toBe(dropped);
  expect(events.map((event) => event.kind).indexOf("dropped")).toBe(5);
  expect(events[5]).toMatchObject({ count: dropped });
});

test("large events fill the queue by their bytes", async () => {
  const file = join(await temporaryFolder(), "run.mcap");
  const { recorder } = await open(file, { queue: { events: 1000, bytes: 100_000 } });
  for (let step = 0; step < 5; step++) recorder.record(observed(step, 5000));
  expect(await recorder.close()).toMatchObject({ written: 2, dropped: 3 });
  expect(droppedIn(await eventsOf(file))).toBe(3);
});

test("an event that cannot be copied stops the recording, not the loop", async () => {
  const file = join(await temporaryFolder(), "run.mcap");
  const { recorder, troubles } = await open(file);
  recorder.record(observed(0));
  await turn();
  recorder.record({ ...observed(1), values: () => {} } as unknown as LoopEvent);
  await turn();
  recorder.record(observed(2));
  expect(troubles).toHaveLength(1);
  expect(await recorder.close()).toMatchObject({ written: 1, dropped: 2 });
  expect(stepsOf(await eventsOf(file))).toEqual([0]);
});

test("an earlier recording is never overwritten", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "run.mcap");
  await writeFile(file, "precious");
  const first = await open(file);
  const second = await open(file);
  expect([first.recorder.file, second.recorder.file]).toEqual([
    join(folder, "run-1.mcap"),
    join(folder, "run-2.mcap"),
  ]);
  expect((await stat(file)).size).toBe("precious".length);
  expect((await readdir(folder)).sort()).toEqual(["run-1.mcap", "run-2.mcap", "run.mcap"]);
});

test("a header that no solver can be built from is refused", async () => {
  const file = join(await temporaryFolder(), "run.mcap");
  const header = { ...HEADER, solver: { ...HEADER.solver, name: "magic" as "auto" } };
  await expect(Recorder.open(file, header, () => {})).rejects.toThrow(/solver\.name.*magic/);
});

test("a file that cannot be written is refused at once, with its name and a remedy", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  for (const file of [folder, join(folder, "file", "run.mcap")]) {
    const opening = Recorder.open(file, HEADER, () => {});
    await expect(opening).rejects.toThrow(ConfigurationError);
    await expect(opening).rejects.toThrow(`cannot record to ${file}`);
  }
});

describe.skipIf(process.platform === "win32")("when the disk lets go", () => {
  test("a disk that fills is reported once; what was written before can be read", async () => {
    const file = join(await temporaryFolder(), "run.mcap");
    // No file may grow beyond 400 blocks of half a kilobyte (or of one, in some shells).
    const { stdout } = await run("sh", [
      "-c",
      `ulimit -f 400; exec "$0" "$@"`,
      process.execPath,
      CHILD,
      file,
      "full",
    ]);
    const { early, offered, troubles, figures } = JSON.parse(stdout);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toContain(`the recording ${file} has stopped: EFBIG`);
    expect(figures.written + figures.dropped).toBe(offered);
    expect(figures.written).toBeGreaterThanOrEqual(early);
    expect((await stat(file)).size).toBe(figures.bytes);
    expect((await Recording.open(file)).truncated).toBe(true);
    const steps = stepsOf(await eventsOf(file));
    expect(steps).toEqual(Array.from({ length: figures.written }, (_, k) => k));
  });

  test("a file that is deleted is reported once", async () => {
    const file = join(await temporaryFolder(), "run.mcap");
    const { recorder, troubles } = await open(file);
    await unlink(file);
    recorder.record(observed(0));
    await vi.waitFor(() => expect(troubles).toHaveLength(1), { timeout: 30_000 });
    recorder.record(observed(1));
    expect(troubles[0]).toContain("was deleted");
    expect(await recorder.close()).toMatchObject({ dropped: 2 });
    expect(troubles).toHaveLength(1);
  });

  test("a process that is killed leaves what it had written", async () => {
    const file = join(await temporaryFolder(), "run.mcap");
    const child = spawn(process.execPath, [CHILD, file, "killed"], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    const { early } = JSON.parse(String(line));
    expect((await Recording.open(file)).truncated).toBe(true);
    const steps = stepsOf(await eventsOf(file));
    expect(steps.length).toBeGreaterThanOrEqual(early);
    expect(steps).toEqual(steps.map((_, k) => k));
  });
});

// A pipe that nobody empties is a disk that hangs.
describe.skipIf(process.platform === "win32")("when the disk hangs", () => {
  async function stuck(options: RecorderOptions) {
    const folder = await temporaryFolder();
    const pipe = join(folder, "pipe");
    await run("mkfifo", [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const { recorder, troubles } = await open(pipe, { queue: { events: 50, bytes: 1 << 20 }, ...options });
    let step = 0;
    while (recorder.figures().dropped === 0) {
      recorder.record(observed(step++, 1000));
      await turn();
    }
    const file = join(folder, "run.mcap");
    const empty = async () => {
      const cat = spawn("cat", [pipe], { stdio: ["ignore", openSync(file, "w"), "inherit"] });
      await once(cat, "close");
      closeSync(reader);
    };
    return { recorder, troubles, file, empty, offered: step };
  }

  test("the queue drops, and goes on when the disk does", async () => {
    const { recorder, troubles, file, empty, offered } = await stuck({});
    const emptied = empty();
    const { written, dropped } = await recorder.close();
    await emptied;
    expect(written + dropped).toBe(offered);
    const events = await eventsOf(file);
    expect(stepsOf(events)).toHaveLength(written);
    expect(droppedIn(events)).toBe(dropped);
    expect(troubles).toEqual([]);
  });

  test("close does not wait for ever", async () => {
    const { recorder, troubles, empty, offered } = await stuck({ patience: 50 });
    const { written, dropped } = await recorder.close();
    expect(written + dropped).toBe(offered);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toContain("has not answered");
    await empty();
  });
});
