import { describe, expect, test } from "vitest";
import { Pilot } from "../../src/control/pilot.js";
import { FakeHost, failedTick, solvedTick } from "./fake-host.js";

/** What the joint sees at `position`. */
const at = (position: number) => ({ position: [position], target: [0.5, 1] });

function pilotOn(fake: FakeHost): Pilot {
  return new Pilot(fake, "arm");
}

describe("observe", () => {
  test("refuses a missing key and names what came", () => {
    const pilot = pilotOn(new FakeHost());
    expect(pilot.observe(0, { position: [1] })).toBe('observation "target" is missing; got position');
    expect(pilot.observe(0, {})).toBe('observation "position" is missing; got nothing');
  });

  test("refuses a wrong length, naming both and the unit", () => {
    expect(pilotOn(new FakeHost()).observe(0, { position: [1], target: [1, 2, 3] })).toBe(
      'observation "target" has 3 values; the policy takes 2 (m)',
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses %s by key and index", (value) => {
    expect(pilotOn(new FakeHost()).observe(0, { position: [1], target: [0, value] })).toBe(
      `observation "target"[1] is ${value}; check the sensor`,
    );
  });

  test("refuses a step that goes back", () => {
    const pilot = pilotOn(new FakeHost());
    pilot.observe(5, at(1));
    expect(pilot.observe(4, at(1))).toContain("observation of step 4 came after that of step 5");
  });

  test("leaves the history as it was when it refuses", () => {
    const pilot = pilotOn(new FakeHost());
    pilot.observe(0, at(1));
    const before = pilot.view();
    pilot.observe(1, { position: [9], target: [9, Number.NaN] });
    pilot.observe(1, { position: [9] });
    expect(pilot.view()).toEqual(before);
  });

  test("takes other keys along without looking at them", () => {
    expect(pilotOn(new FakeHost()).observe(0, { ...at(1), camera: [] })).toBeUndefined();
  });
});

describe("view", () => {
  test("is the last observations in the manifest's order, oldest first", () => {
    const pilot = pilotOn(new FakeHost());
    pilot.observe(0, at(1));
    pilot.observe(1, at(2));
    expect(pilot.view()).toEqual({ step: 1, observation: Float64Array.of(1, 0.5, 1, 2, 0.5, 1) });
  });

  test("does not change with later observations", () => {
    const pilot = pilotOn(new FakeHost());
    pilot.observe(0, at(1));
    const view = pilot.view();
    pilot.observe(1, at(2));
    expect(view).toEqual({ step: 0, observation: Float64Array.of(1, 0.5, 1, 1, 0.5, 1) });
  });

  test("asks for an observation first", () => {
    expect(() => pilotOn(new FakeHost()).view()).toThrow("call observe() first");
  });
});

describe("plan", () => {
  test("counts the executed steps between two solved observations", async () => {
    const fake = new FakeHost(solvedTick());
    const pilot = pilotOn(fake);
    for (const step of [0, 3, 8]) {
      pilot.observe(step, at(step));
      await pilot.plan().done;
    }
    expect(fake.requests.map(({ executed }) => executed)).toEqual([null, 3, 5]);
    expect(fake.requests.map(({ tick }) => tick)).toEqual([0, 1, 2]);
  });

  test("passes the view on", async () => {
    const fake = new FakeHost(solvedTick(0.7));
    const pilot = pilotOn(fake);
    pilot.observe(0, at(1));
    const view = pilot.view();
    pilot.observe(1, at(2));
    expect(await pilot.plan(view).done).toEqual(solvedTick(0.7));
    expect(fake.requests[0]).toMatchObject({ session: "arm", observation: view.observation });
  });

  test.each(["stopped"] as const)("goes on from a tick that was %s", async (outcome) => {
    const fake = new FakeHost(failedTick(outcome));
    const pilot = pilotOn(fake);
    for (const step of [0, 1]) {
      pilot.observe(step, at(step));
      await pilot.plan().done;
    }
    expect(fake.requests.map(({ executed }) => executed)).toEqual([null, 1]);
  });
});

describe("reset", () => {
  test("begins an episode: empty history, cold start, ticks from 0, steps from anywhere", async () => {
    const fake = new FakeHost(solvedTick());
    const pilot = pilotOn(fake);
    pilot.observe(7, at(1));
    await pilot.plan().done;
    pilot.reset();
    expect(() => pilot.view()).toThrow("call observe() first");
    expect(pilot.observe(0, at(2))).toBeUndefined();
    await pilot.plan().done;
    expect(fake.requests[1]).toMatchObject({ episode: 1, tick: 0, executed: null });
    expect(fake.requests[1].observation).toEqual(Float64Array.of(2, 0.5, 1, 2, 0.5, 1));
  });

  test("takes the episode's number, which is part of the seed", async () => {
    const fake = new FakeHost(solvedTick());
    const pilot = pilotOn(fake);
    pilot.reset(42);
    pilot.observe(0, at(1));
    await pilot.plan().done;
    expect(fake.requests[0].episode).toBe(42);
  });

  test.each([1, 0])("during a solve keeps what it solved out of the new episode %i", async (episode) => {
    const fake = new FakeHost();
    const pilot = pilotOn(fake);
    pilot.observe(20, at(1));
    const old = pilot.plan();
    pilot.reset(episode);
    fake.answer();
    await old.done;
    pilot.observe(0, at(2));
    void pilot.plan();
    expect(fake.requests[1].executed).toBeNull();
  });
});

test("close drops the session's warm start", () => {
  const fake = new FakeHost();
  pilotOn(fake).close();
  expect(fake.forgotten).toEqual(["arm"]);
});
