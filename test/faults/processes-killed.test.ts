import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Recording } from "../../src/recording/recording.js";
import type { TickRecord } from "../../src/telemetry/loop-event.js";
import { atStep, expectDescent, interrupted, Processes, stopped, told } from "./processes.js";

let processes: Processes;
beforeAll(async () => {
  processes = await Processes.open();
});
afterEach(() => processes.end());
afterAll(() => processes.close());

describe("a node that is killed in mid-episode and started again", () => {
  it("leaves the robot with its plan, then holding, and serves it again as soon as it is back", async () => {
    const node = await processes.node();
    const simulator = processes.simulator(node.endpoint, "--real-time");
    const before = await atStep(simulator, 10);
    node.child.kill("SIGKILL");
    const killed = await atStep(simulator, before);
    // No plan reaches so far.
    await atStep(simulator, killed + 16);
    const again = await processes.node("--endpoint", node.endpoint);
    const { step } = await again.logs(({ rung }) => rung === "fresh");
    await atStep(simulator, (step as number) + 1);

    const { records } = await interrupted(simulator);
    const [{ incidents, silentSteps, heldSteps, rungs }] = records;
    expect(silentSteps).toBeGreaterThan(15);
    const heldInSilence = heldSteps - rungs.hold - rungs.stop;
    expect(heldInSilence).toBeGreaterThan(0);
    expect(heldInSilence).toBeLessThan(silentSteps);
    const texts = incidents.map(({ what }) => what);
    const holding = texts.findIndex((text) => text.startsWith("silence, holding: "));
    expect(texts.slice(0, holding)).toContainEqual(
      expect.stringContaining("goes on by the plan in its hands"),
    );
    expect(texts.slice(holding)).toContainEqual(expect.stringContaining("back to fresh chunks"));
    expect(await stopped(again)).toBe(0);
  });

  it("keeps a lock-step world waiting, which then goes on where it was", async () => {
    // Slow enough not to be done before it is killed.
    const node = await processes.node("--fault", "worker-delay=600ms");
    const simulator = processes.simulator(node.endpoint, "--steps", "120");
    await node.logs(({ rung }) => rung === "fresh");
    node.child.kill("SIGKILL");
    const again = await processes.node("--endpoint", node.endpoint);
    const { steps, silent_steps, records } = await told(simulator);
    expect({ steps, silent_steps }).toEqual({ steps: 120, silent_steps: 0 });
    const { step } = await again.logs(({ rung }) => rung === "fresh");
    const what = expect.stringMatching(/^no answer for \d+\.\d s, asked again .*: the world waited$/);
    expect(records[0].incidents).toContainEqual({ step, what });
    expect(await stopped(again)).toBe(0);
  });
});

describe("a simulator that is killed in mid-episode", () => {
  it("leaves a node that brings the robot to a stop, leaves it alone then, and serves the next one at once", async () => {
    const file = processes.path("killed.mcap");
    const node = await processes.node("--record", file);
    const simulator = processes.simulator(node.endpoint, "--real-time");
    const { robot } = await node.logs(({ rung }) => rung === "fresh");
    await atStep(simulator, 10);
    const before = (await node.log()).length;
    simulator.child.kill("SIGKILL");
    await node.logs((entry) => entry.rung === "stop", before);
    const turns = (await node.log()).filter((entry) => entry.robot === robot && entry.msg === "rung");
    const down = turns.slice(1 + turns.findLastIndex(({ rung }) => rung === "fresh"));
    expectDescent(down.map(({ rung }) => rung));
    for (const { rung, reason } of down) if (rung !== "rest") expect(reason).toContain("no observation came");

    const next = processes.simulator(node.endpoint, "--steps", "60");
    const { ladder, silent_steps } = await told(next);
    expect({ ladder, silent_steps }).toMatchObject({ ladder: { fresh: 60 }, silent_steps: 0 });
    expect(await stopped(node)).toBe(0);

    const recording = await Recording.open(file);
    const ticks: TickRecord[] = [];
    for await (const event of recording.events()) {
      if (event.kind === "tick" && event.robot === robot) ticks.push(event);
    }
    const stops = ticks.filter(({ rung }) => rung === "stop");
    expect(stops.every(({ trigger }) => trigger === "clock")).toBe(true);
    // A second of them; fewer when the test was quicker.
    expect(stops.length).toBeLessThanOrEqual(11);
  });
});
