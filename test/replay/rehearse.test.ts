import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_ROBOTS } from "../../src/control/peers.js";
import type { RecordedEvent } from "../../src/recording/mcap-schema.js";
import { rehearse } from "../../src/replay/rehearse.js";
import type { TickRecord } from "../../src/telemetry/loop-event.js";
import { plot } from "../control/plots.js";
import { Actor, Theatre } from "./theatre.js";
import { HANG_MS, ToySolver } from "./toy-worker.js";

const replayed = (theatre: Theatre, events: readonly RecordedEvent[] = theatre.recorded()) =>
  rehearse(events, theatre.settings, new ToySolver());

const same = expect.objectContaining({ differences: 0 });

function ticksOf(theatre: Theatre): TickRecord[] {
  return theatre.events.filter((event) => event.kind === "tick");
}

/** Steps of a robot that sees to it that every chunk has another observation. */
async function walk(theatre: Theatre, robot: string, steps: number, episode = 1, from = 0): Promise<void> {
  for (let step = from; step < from + steps; step++) {
    theatre.send(robot, { id: step, step, episode }, [step / 10]);
    await theatre.advance(100);
  }
}

describe("a recorded run, fed again to a fresh loop and solver", () => {
  test("of a calm robot is the same, and every action and solve is counted", async () => {
    const theatre = new Theatre();
    await walk(theatre, "arm", 12);
    await theatre.close();
    const ticks = ticksOf(theatre);
    expect(ticks.filter(({ rung }) => rung === "fresh").length).toBeGreaterThan(6);
    const solves = theatre.events.filter(({ kind }) => kind === "solve").length;
    expect(await replayed(theatre)).toEqual({ ticks: ticks.length, solves, assumed: 0, differences: 0 });
  });

  test.each(["none", "freeze", "predict"] as const)(
    "with solves cut short by the budget, overlap %s, is the same",
    async (overlap) => {
      const theatre = new Theatre({}, overlap);
      theatre.worker.sweepMs = 40;
      await walk(theatre, "arm", 60);
      await theatre.close();
      const rungs = new Set(ticksOf(theatre).map(({ rung }) => rung));
      expect(rungs).toContain("iterate");
      expect(rungs).toContain("rest");
      expect(await replayed(theatre)).toEqual(same);
    },
  );

  test("with ticks by the clock and a controlled stop is the same", async () => {
    const theatre = new Theatre();
    await walk(theatre, "arm", 4);
    await theatre.advance(1500);
    await theatre.close();
    const ticks = ticksOf(theatre);
    expect(ticks.some(({ trigger, rung }) => trigger === "clock" && rung === "stop")).toBe(true);
    expect(await replayed(theatre)).toEqual(same);
  });

  test("with a worker that died after the loop had looked at its iterate is the same", async () => {
    const theatre = new Theatre({ solve: 60 });
    await walk(theatre, "arm", 7);
    // It dies in its second sweep; the loop has looked at the first one's iterate by then.
    theatre.worker.sweepMs = 50;
    theatre.worker.fate = "worker lost";
    await walk(theatre, "arm", 3, 1, 7);
    theatre.worker.fate = "accepted";
    theatre.worker.sweepMs = 10;
    await walk(theatre, "arm", 12, 1, 10);
    await theatre.close();
    expect(theatre.events.some((event) => event.kind === "worker" && event.state === "ready")).toBe(true);
    const looked = theatre.events.some(({ kind }) => kind === "candidate");
    expect(looked).toBe(true);
    const result = await replayed(theatre);
    expect(result).toEqual(same);
    expect(result.assumed).toBeGreaterThan(0);
  });

  test("with a hung worker, replaced while orders wait, is the same", async () => {
    const theatre = new Theatre();
    await walk(theatre, "arm", 4);
    theatre.worker.fate = "never";
    await walk(theatre, "arm", HANG_MS / 100 + 1, 1, 4);
    theatre.worker.fate = "accepted";
    await walk(theatre, "arm", 12, 1, 12);
    await theatre.close();
    expect(ticksOf(theatre).at(-1)?.rung).toBe("fresh");
    expect(await replayed(theatre)).toEqual(same);
  });

  test("with a network that once gave no numbers is the same, and says that this was assumed", async () => {
    const theatre = new Theatre();
    theatre.worker.fate = "not finite";
    await walk(theatre, "arm", 1);
    theatre.worker.fate = "accepted";
    await walk(theatre, "arm", 8, 1, 1);
    await theatre.close();
    expect(await replayed(theatre)).toEqual(expect.objectContaining({ differences: 0, assumed: 1 }));
  });

  test("with an episode that began with an observation which was refused is the same", async () => {
    const theatre = new Theatre();
    await walk(theatre, "arm", 4);
    theatre.send("arm", { id: 4, step: 0, episode: 2 }, [Number.NaN]);
    await theatre.advance(100);
    for (let step = 1; step < 8; step++) {
      theatre.send("arm", { id: 4 + step, step, episode: 2 });
      await theatre.advance(100);
    }
    await theatre.close();
    expect(theatre.events.some((event) => event.kind === "refused" && event.observation)).toBe(true);
    expect(await replayed(theatre)).toEqual(same);
  });

  test("of a robot that was restarted with another clock is the same", async () => {
    const theatre = new Theatre();
    await walk(theatre, "arm", 4);
    await theatre.advance(2000);
    for (let step = 0; step < 6; step++) {
      theatre.send("arm", { id: step, step, episode: 1, stamp: 100_000 * step });
      await theatre.advance(100);
    }
    await theatre.close();
    expect(await replayed(theatre)).toEqual(same);
  });

  test("of a robot that had to make room while its solve was under way, and came back, is the same", async () => {
    const theatre = new Theatre({ solve: null });
    const names = Array.from({ length: MAX_ROBOTS }, (_, k) => `arm ${k}`);
    for (const name of names) theatre.send(name, { reply: "once" });
    await theatre.advance(3000);
    // Its second order is still under way when it has to go, and its namesake makes a second one too.
    theatre.worker.sweepMs = 12_000;
    for (let id = 1; id < 4; id++) theatre.send("arm 0", { reply: "once", id, step: id });
    for (const name of names.slice(1)) theatre.send(name, { reply: "none", id: 1, step: 1 });
    await theatre.advance(10_500);
    theatre.worker.sweepMs = 10;
    theatre.send("late", { reply: "once" });
    theatre.send("arm 0", { reply: "once" });
    theatre.send("arm 0", { reply: "once", id: 1, episode: 2 });
    await theatre.advance(60_000);
    await theatre.close();
    const left = theatre.events.filter(({ kind }) => kind === "left");
    expect(left.length).toBe(MAX_ROBOTS + 2);
    const orders = theatre.events.flatMap((event) =>
      event.kind === "order" && event.robot === "arm 0" ? [event.order] : [],
    );
    expect(orders).toEqual([1, 2, 1, 2]);
    expect(await replayed(theatre)).toEqual(same);
  });

  test("that is cut off anywhere is the same up to there", async () => {
    const theatre = new Theatre({}, "freeze");
    theatre.worker.sweepMs = 40;
    await walk(theatre, "arm", 20);
    await theatre.close();
    const events = theatre.recorded();
    for (let length = 0; length < events.length; length++) {
      const { differences, first } = await replayed(theatre, events.slice(0, length));
      expect([length, differences, first]).toEqual([length, 0, undefined]);
    }
  });

  test("with budgets and solver changed under way, and the robots halted and served again, is the same", async () => {
    const theatre = new Theatre({ solve: 60 });
    theatre.worker.sweepMs = 40;
    await walk(theatre, "arm", 10);
    theatre.adjust({ solve: 90, hold: 0 }, 0.1);
    await walk(theatre, "arm", 20, 1, 10);
    theatre.halt();
    await theatre.advance(400);
    await walk(theatre, "arm", 3, 1, 30);
    theatre.resume();
    theatre.worker.sweepMs = 10;
    await walk(theatre, "arm", 10, 2);
    await theatre.close();
    const rungs = ticksOf(theatre).map(({ rung }) => rung);
    expect(new Set(rungs)).toContain("stop");
    expect(rungs.at(-1)).toBe("fresh");
    expect(await replayed(theatre)).toEqual(same);
    const unchanged = theatre.recorded().filter(({ kind }) => kind !== "settings");
    expect((await replayed(theatre, unchanged)).differences).toBeGreaterThan(0);
  });

  test("of two robots through anything that may befall them is the same", async () => {
    let iterates = 0;
    let assumed = 0;
    await fc.assert(
      fc.asyncProperty(plot, async ({ pace, overlap, solveBudget, maxObservationAge, hold, periods }) => {
        const theatre = new Theatre({ solve: solveBudget, maxObservationAge, hold }, overlap);
        const actors = ["left", "right"].map((name) => new Actor(name, theatre, pace));
        for (const [k, period] of periods.entries()) {
          theatre.worker.fate = period.solve;
          theatre.worker.sweepMs = 5 + period.solveMs / 3;
          actors[0].play(period, Math.sin(k));
          actors[1].play(periods[periods.length - 1 - k], Math.cos(k));
          await theatre.advance(100);
          if (period.alarmLate > 0) theatre.clock.stall(period.alarmLate);
        }
        await theatre.close();
        iterates += ticksOf(theatre).filter(({ rung }) => rung === "iterate").length;
        const result = await replayed(theatre);
        assumed += result.assumed;
        expect(result.first).toBeUndefined();
        expect(result.ticks).toBe(ticksOf(theatre).length);
      }),
      { numRuns: 60 },
    );
    expect(iterates).toBeGreaterThan(20);
    expect(assumed).toBeGreaterThan(20);
  });
});

describe("a replay that is not what was recorded", () => {
  async function changed(change: (event: RecordedEvent) => RecordedEvent | undefined) {
    const theatre = new Theatre();
    theatre.worker.sweepMs = 40;
    await walk(theatre, "arm", 20, 3);
    await theatre.close();
    let isDone = false;
    const events = theatre.recorded().flatMap((event) => {
      if (isDone) return [event];
      const other = change(event);
      if (other === event) return [event];
      isDone = true;
      return other ? [other] : [];
    });
    expect(isDone).toBe(true);
    return replayed(theatre, events);
  }
  const at = (step: number, what: unknown) => ({ first: { robot: "arm", episode: 3, step, what } });

  test("names the first action that has another bit", async () => {
    const result = await changed((event) => {
      if (event.kind !== "tick" || event.step !== 7) return event;
      const ahead = event.ahead.slice();
      new Uint32Array(ahead.buffer)[0] ^= 1;
      return { ...event, action: ahead.slice(0, 1), ahead };
    });
    expect(result).toMatchObject(at(7, expect.stringMatching(/^action\.0 is -?\d/)));
    expect(result.differences).toBe(1);
  });

  test("names a row of the plan ahead that differs", async () => {
    const result = await changed((event) => {
      if (event.kind !== "tick" || event.step !== 7) return event;
      const ahead = event.ahead.slice();
      ahead[1] += 0.1;
      return { ...event, ahead };
    });
    expect(result).toMatchObject(at(7, expect.stringContaining("ahead.1 is")));
  });

  test("names another rung, and another reason", async () => {
    const rung = await changed((event) =>
      event.kind === "tick" && event.rung === "rest" ? { ...event, rung: "hold" } : event,
    );
    expect(rung).toMatchObject({ first: { what: "rung is rest instead of hold" } });
    const reason = await changed((event) =>
      event.kind === "tick" && event.rung === "rest" ? { ...event, reason: "so" } : event,
    );
    expect(reason).toMatchObject({ first: { what: expect.stringMatching(/^reason is .* instead of so/) } });
  });

  test("names a request that asks for something else", async () => {
    const result = await changed((event) =>
      event.kind === "order" && event.order === 2
        ? { ...event, request: { ...event.request, tick: 5 } }
        : event,
    );
    expect(result.first).toMatchObject({
      episode: 3,
      what: "order 2: request.tick is 1 instead of 5",
    });
  });

  test("names an observation that was another one by the request that it leads to", async () => {
    const result = await changed((event) =>
      event.kind === "observation" && event.step === 0
        ? { ...event, values: Float64Array.of(event.values[0] + 1e-9) }
        : event,
    );
    expect(result).toMatchObject(at(0, expect.stringContaining("order 1: request.observation.")));
  });

  test("names a chunk that the solver does not give", async () => {
    const result = await changed((event) => {
      if (event.kind !== "solve" || event.result.outcome !== "accepted") return event;
      const actions = event.result.actions.slice();
      actions[4] = -actions[4];
      return { ...event, result: { ...event.result, actions } };
    });
    expect(result.first?.what).toMatch(/^the solve of order \d+: actions\.4 is/);
  });

  test("names an iterate that the solver does not give", async () => {
    const result = await changed((event) =>
      event.kind === "candidate" && event.candidate
        ? { ...event, candidate: { ...event.candidate, residual: 0.5 } }
        : event,
    );
    expect(result.first?.what).toMatch(/^order \d+ after \d sweeps: residual is .* instead of 0\.5$/);
  });

  test("names an action, and an order, that was not recorded", async () => {
    const act = await changed((event) => (event.kind === "tick" && event.step === 7 ? undefined : event));
    expect(act).toMatchObject(
      at(7, expect.stringMatching(/^an action \(\w+\) came of it, which was not recorded$/)),
    );
    const order = await changed((event) => (event.kind === "order" ? undefined : event));
    expect(order.first?.what).toBe("order 1 came of it instead");
  });

  test("names an action that does not come of what was recorded", async () => {
    const result = await changed((event) =>
      event.kind === "observation" && event.step === 7 ? undefined : event,
    );
    expect(result.differences).toBeGreaterThan(0);
    expect(result.first).toMatchObject({ robot: "arm", episode: 3 });
  });

  test("refuses a robot that was there before the recording began", async () => {
    await expect(changed((event) => (event.kind === "joined" ? undefined : event))).rejects.toThrow(
      /robot arm was there before the recording began.*record from the start/,
    );
  });
});
