import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Recording } from "../../src/recording/recording.js";
import type { TickRecord } from "../../src/telemetry/loop-event.js";
import { atStep, interrupted, Processes, stopped } from "./processes.js";

const FREEZE_MS = 2000;

let processes: Processes;
beforeAll(async () => {
  processes = await Processes.open();
});
afterEach(() => processes.end());
afterAll(() => processes.close());

describe("a freeze of two seconds", () => {
  /** Freezes one of the two in mid-episode; what the node recorded and what the simulator tells. */
  async function freeze(which: "node" | "simulator") {
    const file = processes.path(`${which}.mcap`);
    const node = await processes.node("--record", file);
    const simulator = processes.simulator(node.endpoint, "--real-time");
    const frozenAt = await atStep(simulator, 10);
    const { child } = which === "node" ? node : simulator;
    child.kill("SIGSTOP");
    await sleep(FREEZE_MS);
    child.kill("SIGCONT");
    // Long enough to see chunks from after it.
    await atStep(simulator, frozenAt + 40);
    const { records } = await interrupted(simulator);
    expect(await stopped(node)).toBe(0);
    return { record: records[0], ticks: await ticksOf(file) };
  }

  async function ticksOf(file: string): Promise<TickRecord[]> {
    const ticks: TickRecord[] = [];
    const recording = await Recording.open(file);
    for await (const event of recording.events()) if (event.kind === "tick") ticks.push(event);
    return ticks;
  }

  it("of the node: the robot goes on by its plan; the steps that were missed are skipped", async () => {
    const { record, ticks } = await freeze("node");
    expect(record.silentSteps).toBeGreaterThan(3);
    const texts = record.incidents.map(({ what }) => what);
    const silence = texts.findIndex((text) => text.startsWith("silence"));
    expect(silence).toBeGreaterThanOrEqual(0);
    expect(texts.slice(silence)).toContainEqual(expect.stringContaining("back to fresh chunks"));

    const gap = widestGap(ticks);
    expect(ticks[gap].at - ticks[gap - 1].at).toBeGreaterThan(0.75 * FREEZE_MS);
    expect(ticks[gap].step - ticks[gap - 1].step).toBeGreaterThan(3);
    // No action made up for a step that was missed.
    const thaw = ticks.slice(gap).filter(({ at }) => at < ticks[gap].at + 100);
    expect(thaw.length).toBeLessThan(6);
  }, 90_000);

  it("of the simulator: the node stops the robot, and serves it again where it stands", async () => {
    const { record, ticks } = await freeze("simulator");
    const stood = record.incidents.find(({ what }) => /^stood still for \d+ control periods$/.test(what));
    expect(stood).toBeDefined();
    expect(record.silentSteps).toBeLessThan(5);
    const { step } = stood as { step: number };
    // By the clock, while nothing came.
    const lonely = ticks
      .filter((tick) => tick.trigger === "clock" && tick.step > step + 3)
      .map(({ rung }) => rung);
    expect([...new Set(lonely)]).toEqual(
      ["rest", "hold", "stop"].filter((rung) => lonely.includes(rung as never)),
    );
    expect(lonely).toContain("stop");
    // The robot's own count is the one that counts: the steps that the clock went ahead are acted in again.
    const answered = ticks.filter(({ id }) => id !== null).map((tick) => tick.step);
    expect(answered).toEqual(expect.arrayContaining([step + 1, step + 5, step + 9]));
    // None of what the node sent meanwhile is executed later: no more of it than of a robot that just stood still.
    expect(record.rungs.stop).toBeLessThan(9);
    const texts = record.incidents.filter((incident) => incident.step >= step).map(({ what }) => what);
    expect(texts).toContainEqual(expect.stringContaining("back to fresh chunks"));
  }, 90_000);
});

/** The tick before which nothing happened for longest. */
function widestGap(ticks: readonly TickRecord[]): number {
  let widest = 1;
  for (let k = 2; k < ticks.length; k++) {
    if (ticks[k].at - ticks[k - 1].at > ticks[widest].at - ticks[widest - 1].at) widest = k;
  }
  return widest;
}
