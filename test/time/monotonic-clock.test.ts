import { execFile } from "node:child_process";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Metronome } from "../../src/time/metronome.js";
import { MonotonicClock } from "../../src/time/monotonic-clock.js";

const open: MonotonicClock[] = [];

async function punctual(): Promise<MonotonicClock> {
  const clock = new MonotonicClock();
  open.push(clock);
  await clock.ready;
  return clock;
}

/** A clock with the thread that it uses. */
async function exposed(): Promise<{ clock: MonotonicClock; thread: Worker }> {
  const started = once(process, "worker");
  const clock = await punctual();
  const [thread] = await started;
  return { clock, thread: thread as Worker };
}

const reach = (clock: MonotonicClock, at: number) =>
  new Promise<number>((resolve) => clock.alarm(at, () => resolve(clock.now())));

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((clock) => clock.close()));
});

describe("MonotonicClock", () => {
  it("rings many alarms in the order of their moments, never early", async () => {
    const clock = await punctual();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -5, max: 20, noNaN: true }), { minLength: 1, maxLength: 40 }),
        async (delays) => {
          const start = clock.now();
          const rung: { at: number; i: number }[] = [];
          await Promise.all(
            delays.map(async (delay, i) => {
              const at = start + delay;
              expect(await reach(clock, at)).toBeGreaterThanOrEqual(at);
              rung.push({ at, i });
            }),
          );
          expect(rung).toEqual([...rung].sort((a, b) => a.at - b.at || a.i - b.i));
        },
      ),
      { numRuns: 20 },
    );
  });

  it("rings before its thread has started, too", async () => {
    const clock = new MonotonicClock();
    open.push(clock);
    const at = clock.now() + 2;
    expect(await reach(clock, at)).toBeGreaterThanOrEqual(at);
  });

  it("never rings before alarm returns, and lets the loop turn between alarms that set alarms", async () => {
    const clock = await punctual();
    let depth = 0;
    let rings = 0;
    let isPast = false;
    const again = () => {
      expect(depth).toBe(0);
      rings++;
      depth++;
      if (!isPast) clock.alarm(Number.NEGATIVE_INFINITY, again);
      depth--;
    };
    again();
    while (rings < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    isPast = true;
  });

  it("does not ring what was taken back, even by an alarm due with it", async () => {
    const clock = await punctual();
    const rung: string[] = [];
    const at = clock.now() + 5;
    clock.alarm(at - 1, () => rung.push("never"))();
    clock.alarm(at, () => cancel());
    const cancel = clock.alarm(at, () => rung.push("never"));
    await reach(clock, at + 1);
    expect(rung).toEqual([]);
  });

  it("can be woken earlier than it meant to sleep, and sleeps on after that", async () => {
    const clock = await punctual();
    let hours = 0;
    const hour = clock.alarm(clock.now() + 3_600_000, () => hours++);
    const second = reach(clock, clock.now() + 30);
    // Long enough, mostly, for the thread to be asleep.
    await reach(clock, clock.now() + 10);
    await reach(clock, clock.now() + 2);
    await second;
    hour();
    expect(hours).toBe(0);
  });

  it("never rings for a moment at infinity, nor after closing", async () => {
    const clock = await punctual();
    let rings = 0;
    clock.alarm(Number.POSITIVE_INFINITY, () => rings++);
    clock.alarm(Number.MAX_VALUE, () => rings++);
    await reach(clock, clock.now() + 5);
    clock.alarm(clock.now() + 1, () => rings++);
    await clock.close();
    clock.alarm(0, () => rings++);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rings).toBe(0);
  });

  it("records how late each alarm rang", async () => {
    const clock = await punctual();
    await reach(clock, Number.NEGATIVE_INFINITY);
    const at = clock.now() + 1;
    const late = reach(clock, at);
    const until = Math.max(at, clock.now()) + 2;
    while (clock.now() < until);
    await late;
    expect(clock.lateness.count).toBe(2);
    // A histogram rounds to three digits.
    expect(clock.lateness.max).toBeGreaterThan(1990);
  });

  it("goes on, with one warning, when its thread dies", async () => {
    const { clock, thread } = await exposed();
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    const pending = clock.now() + 30;
    const first = reach(clock, pending);
    await thread.terminate();
    expect(await first).toBeGreaterThanOrEqual(pending);
    const beats: number[] = [];
    await new Promise<void>((resolve) => {
      const metronome = new Metronome(clock, 3, (n, late) => {
        expect(late).toBeGreaterThanOrEqual(0);
        beats.push(n);
        if (beats.length < 5) return;
        metronome.stop();
        resolve();
      });
      metronome.start();
    });
    expect(beats).toEqual([...beats].sort((a, b) => a - b));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/thread .* has died/);
  });

  it("closes its thread, whether it sleeps, starts or is dead", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    const { clock, thread } = await exposed();
    clock.alarm(clock.now() + 3_600_000, () => {});
    await clock.close();
    expect(thread.threadId).toBe(-1);
    await new MonotonicClock().close();
    expect(warn).not.toHaveBeenCalled();
    const dead = await exposed();
    await dead.thread.terminate();
    await dead.clock.close();
  });

  it.each([
    ["closed", "await clock.close();"],
    ["unreferenced", "clock.unref();"],
  ])("lets a process end once it is %s", async (_, last) => {
    const module = new URL("../../src/time/monotonic-clock.js", import.meta.url).href;
    const code = `import { MonotonicClock } from ${JSON.stringify(module)};
      const clock = new MonotonicClock();
      await clock.ready;
      clock.alarm(clock.now() + 3_600_000, () => {});
      ${last}`;
    await new Promise<void>((resolve, reject) => {
      execFile(process.execPath, ["--input-type=module", "--eval", code], { timeout: 50_000 }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  });

  it("does not notice the wall clock's being set", async () => {
    const clock = await punctual();
    const now = Date.now;
    const jumps = [30_000, -30_000, 3_600_000, -3_600_000];
    let jump = 0;
    vi.spyOn(Date, "now").mockImplementation(() => now() + jump);
    const start = clock.now() + 5;
    const beats: { n: number; skipped: number }[] = [];
    const hour = clock.alarm(start + 3_600_000, () => beats.push({ n: -1, skipped: 0 }));
    await new Promise<void>((resolve) => {
      const metronome = new Metronome(clock, 4, (n, late, skipped) => {
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThan(4);
        beats.push({ n, skipped });
        jump = jumps[beats.length % jumps.length];
        if (beats.length < 20) return;
        metronome.stop();
        resolve();
      });
      metronome.start(start);
    });
    hour();
    const last = beats[beats.length - 1].n;
    expect(beats.reduce((sum, beat) => sum + 1 + beat.skipped, 0)).toBe(last + 1);
    // An hour's jump, or half a minute's, would have skipped thousands of beats.
    expect(last * 4).toBeLessThanOrEqual(clock.now() - start);
  });
});
