import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { EpisodeRecord } from "../../src/telemetry/episode-record.js";
import { atStep, interrupted, type Node, Processes, stopped, told } from "./processes.js";

let processes: Processes;
beforeAll(async () => {
  processes = await Processes.open();
});
afterEach(() => processes.end());
afterAll(() => processes.close());

/** Plays in real time until the worker has been replaced and there are fresh chunks again. */
async function playThrough(node: Node) {
  const simulator = processes.simulator(node.endpoint, "--real-time", "--episodes", "3");
  const lost = await node.logs(({ msg, state }) => msg === "worker" && state === "lost");
  const ready = await node.logs(({ msg, state }) => msg === "worker" && state === "ready");
  const entries = await node.log();
  const back = entries.findIndex(({ at }) => at === ready.at);
  const { episode, step } = await node.logs(({ rung }) => rung === "fresh", back);
  await atStep(simulator, (step as number) + 1, episode);
  const { records } = await interrupted(simulator);
  const down = entries.slice(
    entries.findIndex(({ at }) => at === lost.at),
    back,
  );
  return {
    lost,
    down: down.flatMap(({ rung }) => rung ?? []),
    incidents: records.flatMap((record) => record.incidents),
  };
}

/** What happened, but for what the robot had to ask again: it does when a process is held up. */
const unprompted = ({ incidents }: EpisodeRecord) =>
  incidents.filter(({ what }) => !/asked again/.test(what));

it.each([
  { fault: "worker-crash@3", loss: "ended with code 1" },
  { fault: "worker-stall@3", loss: "hangs: no sweep in" },
])(
  "$fault: the loop goes on without the worker and is fresh again with the next one",
  async ({ fault, loss }) => {
    const node = await processes.node("--fault", fault);
    const { lost, down, incidents } = await playThrough(node);
    expect(lost.message).toContain(loss);
    expect(new Set(down)).not.toContain("fresh");
    expect(incidents).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(/^(rest|hold|stop): .*worker/) }),
    );
    const { stderr } = node.output();
    expect(stderr).toContain(lost.message);
    expect(stderr).toMatch(/a new inference worker is ready after \d/);
    expect(await stopped(node)).toBe(0);
  },
);

it("a worker that stalls for a moment is not replaced, and the episode goes to its end", async () => {
  const node = await processes.node("--fault", "worker-stall=1500ms@3");
  const simulator = processes.simulator(node.endpoint, "--real-time", "--steps", "60");
  const { steps } = await told(simulator);
  expect(steps).toBe(60);
  expect(await stopped(node)).toBe(0);
  const log = await node.log();
  const held = log.findIndex(
    ({ rung, reason }) => rung === "hold" && reason === "the next chunk is still being solved",
  );
  expect(held).toBeGreaterThan(0);
  expect(log.slice(held)).toContainEqual(expect.objectContaining({ rung: "fresh" }));
  expect(log).not.toContainEqual(expect.objectContaining({ msg: "worker" }));
});

it("a chunk that is no numbers is never executed: the rest of the one before is, until the next solve", async () => {
  const node = await processes.node("--fault", "worker-nan@3");
  const { steps, silent_steps, ladder, records } = await told(
    processes.simulator(node.endpoint, "--steps", "40"),
  );
  expect({ steps, silent_steps, ladder }).toMatchObject({
    steps: 40,
    silent_steps: 0,
    ladder: { fresh: 39, rest: 1, hold: 0, stop: 0 },
  });
  expect(unprompted(records[0])).toEqual([
    { step: 16, what: expect.stringMatching(/^rest: the network gave a value that is not finite/) },
    { step: 17, what: "back to fresh chunks after rest" },
  ]);
  expect(await stopped(node)).toBe(0);
});

it("a budget that no solve can keep leaves no step without an action", async () => {
  // However late a process looks, nothing is solved yet.
  const node = await processes.node("--budget-solve", "1 ms", "--fault", "worker-delay=1s");
  const simulator = processes.simulator(node.endpoint, "--steps", "40");
  const { steps, silent_steps, held_steps, deadline_misses, ladder, score_mean, records } =
    await told(simulator);
  expect({ steps, silent_steps, held_steps, deadline_misses }).toEqual({
    steps: 40,
    silent_steps: 0,
    held_steps: 40,
    deadline_misses: 40,
  });
  expect(ladder).toEqual({ fresh: 0, iterate: 0, rest: 0, hold: 5, stop: 35 });
  expect(score_mean).toBeGreaterThanOrEqual(0);
  const incidents = unprompted(records[0]);
  expect(incidents[0]).toEqual({ step: 0, what: expect.stringMatching(/^hold: /) });
  expect(incidents.at(-1)).toEqual({
    step: 5,
    what: expect.stringMatching(/^stop: nothing sound for 600 ms: the solve budget of 1 ms was up/),
  });
  expect(await stopped(node)).toBe(0);
});
