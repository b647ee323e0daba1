import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Recording } from "../../src/recording/recording.js";
import type { TickRecord } from "../../src/telemetry/loop-event.js";
import { monotonicMs } from "../../src/time/clock.js";
import { atStep, expectDescent, interrupted, Processes, stopped } from "./processes.js";

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
    const before = await atStep(simulator, 10);
    const { child } = which === "node" ? node : simulator;
    child.kill("SIGSTOP");
    const frozenAt = monotonicMs();
    await sleep(FREEZE_MS);
    // A machine that is busy may take longer over it.
    if (which === "simulator") await node.logs(({ rung, at }) => rung === "stop" && at > frozenAt);
    const thawedAt = monotonicMs();
    child.kill("SIGCONT");
    // Long enough to see chunks from after it.
    await atStep(simulator, before + 40);
    const { records } = await interrupted(simulator);
    expect(await stopped(node)).toBe(0);
    return { record: records[0], ticks: await ticksOf(file), frozenAt, thawedAt };
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
  });

  it("of the simulator: the node stops the robot, and serves it again where it stands", async () => {
    const { record, ticks, frozenAt, thawedAt } = await freeze("simulator");
    const stood = record.incidents.find(({ what }) => /^stood still for \d+ control periods$/.test(what));
    expect(stood).toBeDefined();
    const { step } = stood as { step: number };
    // By the clock, while nothing came.
    const lonely = ticks.filter(({ at }) => at > frozenAt && at < thawedAt);
    const down = lonely.slice(1 + lonely.findLastIndex(({ rung }) => rung === "fresh"));
    expectDescent(down.map(({ rung }) => rung));
    // The robot's own count is the one that counts: the steps that the clock went ahead are acted in again.
    const next = ticks.find(({ id, at }) => id !== null && at > thawedAt);
    expect(next?.step).toBeLessThan(lonely[lonely.length - 1].step);
    // None of what the node sent meanwhile is executed later.
    const late = ticks.filter(({ rung, at }) => rung === "stop" && at > thawedAt);
    expect(record.rungs.stop).toBeLessThanOrEqual(late.length);
    const texts = record.incidents.filter((incident) => incident.step >= step).map(({ what }) => what);
    expect(texts).toContainEqual(expect.stringContaining("back to fresh chunks"));
  });
});

/** The tick before which nothing happened for longest. */
function widestGap(ticks: readonly TickRecord[]): number {
  let widest = 1;
  for (let k = 2; k < ticks.length; k++) {
    if (ticks[k].at - ticks[k - 1].at > ticks[widest].at - ticks[widest - 1].at) widest = k;
  }
  return widest;
}
