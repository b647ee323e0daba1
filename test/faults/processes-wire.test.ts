import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { monotonicMs } from "../../src/time/clock.js";
import { atStep, interrupted, type Node, Processes, stopped, type Told, told } from "./processes.js";

let processes: Processes;
let node: Node;
beforeAll(async () => {
  processes = await Processes.open();
  node = await processes.node();
});
afterEach(() => expect(node.child.exitCode).toBeNull());
afterAll(async () => {
  expect(await stopped(node)).toBe(0);
  await processes.close();
});

const STEPS = 12;
/** The seed is one with which no step is lost very often. */
const play = (...args: readonly string[]) =>
  told(processes.simulator(node.endpoint, "--steps", String(STEPS), "--seed", "1", ...args));

const MOST_PLAYS = 6;

/**
 * Plays until one play is as an earlier one was: the second, unless a process was held up meanwhile. The robot then asks
 * again, and what is asked more often has other faults.
 */
async function playedTwice(...args: readonly string[]): Promise<Told> {
  const plays: Told[] = [];
  const figures = ({ faults, scores }: Told) => ({ faults, scores });
  while (plays.length < MOST_PLAYS) {
    const next = await play(...args);
    if (plays.some((earlier) => isDeepStrictEqual(figures(earlier), figures(next)))) return next;
    plays.push(next);
  }
  throw new Error(`no two plays are the same: ${JSON.stringify(plays.map(figures))}`);
}

describe("a socket that drops half its messages", () => {
  it("costs a lock-step world time alone; what is dropped follows from the seed", async () => {
    const first = await playedTwice("--fault", "drop=0.5");
    expect(first).toMatchObject({ steps: STEPS, silent_steps: 0, ladder: { fresh: STEPS } });
    const [{ incidents }] = first.records;
    const lost = incidents.filter(({ what }) => what.includes("asked again"));
    expect(lost.length).toBeGreaterThan(STEPS / 3);
    const dropped = Number(first.faults?.observations.dropped) + Number(first.faults?.actions.dropped);
    expect(dropped).toBeGreaterThanOrEqual(lost.length);
  });

  it("is bridged in real time by the plan in the robot's hands", async () => {
    const begun = monotonicMs();
    const simulator = processes.simulator(node.endpoint, "--seed", "1", "--fault", "drop=0.5", "--real-time");
    const { episode, step } = await node.logs(({ rung, at }) => rung === "fresh" && at > begun);
    await atStep(simulator, (step as number) + STEPS, episode);
    const { steps, silent_steps, held_steps, ladder, faults, records } = await interrupted(simulator);
    expect(silent_steps).toBeGreaterThan(steps / 4);
    expect(ladder.fresh).toBeGreaterThan(0);
    expect(held_steps - ladder.hold - ladder.stop).toBeLessThan(silent_steps);
    expect(faults?.observations.dropped).toBeGreaterThan(0);
    const texts = records.flatMap(({ incidents }) => incidents.map(({ what }) => what));
    expect(texts).toContainEqual(
      expect.stringMatching(/^silence: .*the robot goes on by the plan in its hands/),
    );
    expect(texts).toContainEqual(expect.stringMatching(/^back to fresh chunks after/));
  });
});

it.each([["--steps"], ["--real-time"]])(
  "late, doubled and overtaken messages change no step (%s)",
  async (pace) => {
    const { steps, score_mean, faults } = await play(
      ...["--fault", "latency=30ms,jitter=20ms,duplicate=0.1,reorder=0.1"],
      ...(pace === "--real-time" ? [pace] : []),
    );
    expect({ steps, score_mean }).toEqual({ steps: STEPS, score_mean: expect.any(Number) });
    expect(faults?.observations).toMatchObject({ dropped: 0, sent: expect.any(Number) });
    expect(faults?.observations.sent).toBeGreaterThanOrEqual(STEPS);
  },
);

it("spoilt observations are refused and told of; the robot goes on by its plan", async () => {
  const fault = ["--fault", "nan=0.15,shape=0.1"];
  const first = await play(...fault);
  const spoilt = Number(first.faults?.observations.nan) + Number(first.faults?.observations.shape);
  expect(spoilt).toBeGreaterThan(0);
  const refusals = first.records[0].incidents.filter(({ what }) => what.startsWith("the node refused"));
  // One may be spoilt in both ways.
  expect(refusals.length).toBeLessThanOrEqual(spoilt);
  expect(refusals.length).toBe(first.silent_steps);
  expect(refusals.map(({ what }) => what).join("\n")).toMatch(/NaN|shape/);
  expect(first.ladder.fresh + first.silent_steps).toBe(STEPS);
  const { steps, faults } = await play(...fault, "--real-time");
  expect({ steps, sent: faults?.observations.sent }).toEqual({ steps: STEPS, sent: STEPS });
  expect((await play(...fault, "--real-time")).faults?.observations).toEqual(faults?.observations);
});
