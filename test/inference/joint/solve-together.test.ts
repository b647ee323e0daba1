import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type HostOptions, InferenceHost } from "../../../src/inference/host.js";
import { isSolved, type SolvedTick, type TickRequest, type TickResult } from "../../../src/inference/tick.js";
import { type Bundle, loadBundle } from "../../../src/policy/bundle.js";
import { middleObservation } from "../../../src/policy/manifest.js";
import { GaussianStream } from "../../../src/sampling/noise.js";
import { SHIPPED } from "../../policy/bundles.js";
import { distance } from "../../sampling/problems.js";

const PROBLEMS = 3;
const ONE = { threads: 1, spin: false };

let bundle: Bundle;
beforeAll(async () => {
  bundle = await loadBundle(SHIPPED);
});

/** Without optimised graphs, since they take longer to load than a few solves. */
async function opened(options: HostOptions): Promise<InferenceHost> {
  const host = await InferenceHost.start({ ...bundle, optimized: [] }, { runtime: ONE, ...options });
  onTestFinished(() => host.close());
  return host;
}

/** Tick of every session: observations apart, and with every tick a little further on. */
function requests(tick: number, changes: Partial<TickRequest> = {}): TickRequest[] {
  return Array.from({ length: PROBLEMS }, (_, k) => {
    const stream = new GaussianStream(k);
    const observation = middleObservation(bundle.manifest).map(
      (value) => value + 60 * stream.next() + tick * k,
    );
    const executed = tick === 0 ? null : 2 * k;
    return { session: `${k}`, episode: k, tick, executed, observation, ...changes };
  });
}

const settled = (host: InferenceHost, asked: readonly TickRequest[]) =>
  Promise.all(host.solveTogether(asked).map(({ done }) => done));

async function oneByOne(host: InferenceHost, asked: readonly TickRequest[]): Promise<TickResult[]> {
  const results: TickResult[] = [];
  for (const request of asked) results.push(await host.solve(request).done);
  return results;
}

function solved(tick: TickResult): SolvedTick {
  if (!isSolved(tick)) throw new Error(`not solved: ${tick.outcome}: ${tick.message}`);
  return tick;
}

/** Largest difference of two chunks in normalised units: the shipped policy's actions span 512 px. */
const apart = (a: TickResult, b: TickResult) => distance(solved(a).actions, solved(b).actions) / 256;

const figuresOf = ({ sweeps, evaluations }: TickResult) => ({ sweeps, evaluations });

describe("solved together", () => {
  let alone: InferenceHost;
  let joint: InferenceHost;
  beforeAll(async () => {
    alone = await InferenceHost.start(bundle, { runtime: ONE });
    joint = await InferenceHost.start(bundle, { runtime: ONE, together: PROBLEMS });
  });
  afterAll(() => Promise.all([alone.close(), joint.close()]));

  test("ticks get the chunks that they get alone, cold and warm, each in its own number of sweeps", async () => {
    const taken = new Set<number>();
    for (let tick = 0; tick < 3; tick++) {
      const asked = requests(tick);
      const [wanted, found] = [await oneByOne(alone, asked), await settled(joint, asked)];
      for (const [k, result] of found.entries()) {
        expect(apart(wanted[k], result)).toBeLessThan(1e-4);
        expect(figuresOf(result)).toEqual(figuresOf(wanted[k]));
        expect(solved(result).start).toBe(tick === 0 ? "cold" : "warm");
        taken.add(result.sweeps);
      }
    }
    expect(taken.size).toBeGreaterThan(1);
  });

  test("what is carried is the session's, whoever it was solved with before", async () => {
    for (const host of [alone, joint]) for (let k = 0; k < PROBLEMS; k++) host.forget(`${k}`);
    await settled(joint, requests(0));
    const some = requests(1).filter((_, k) => k % 2 === 0);
    const found = [...(await settled(joint, some)), ...(await oneByOne(joint, [requests(2)[0]]))];
    await oneByOne(alone, requests(0));
    const wanted = await oneByOne(alone, [...some, requests(2)[0]]);
    for (const [k, result] of found.entries()) expect(apart(wanted[k], result)).toBeLessThan(1e-4);
  });

  test("ticks can freeze rows of their own", async () => {
    const asked = requests(0, { tick: 9 }).map((request, k) => ({
      ...request,
      frozen: Float64Array.from({ length: 2 * k }, (_, row) => 200 + 10 * k + row),
    }));
    const [wanted, found] = [await oneByOne(alone, asked), await settled(joint, asked)];
    for (const [k, result] of found.entries()) {
      expect([...solved(result).actions.subarray(0, 2 * k)]).toEqual([...asked[k].frozen]);
      expect(apart(wanted[k], result)).toBeLessThan(1e-4);
    }
  });

  test("one whose observation is not finite fails, and spoils no other", async () => {
    const asked = requests(0, { tick: 11 });
    const wanted = await oneByOne(alone, asked);
    asked[2].observation[3] = Number.NaN;
    const found = await settled(joint, asked);
    expect(found.map(({ outcome }) => outcome === "accepted")).toEqual([true, true, false]);
    expect(found[2]).toMatchObject({ outcome: "not-finite", message: expect.stringContaining("not finite") });
    for (const k of [0, 1]) expect(apart(wanted[k], found[k])).toBeLessThan(1e-4);
  });

  test("one that is stopped leaves the others, and goes on from there", async () => {
    const asked = requests(0, { tick: 12 });
    const wanted = await oneByOne(alone, asked);
    const cut = asked.map((request, k) => (k === 1 ? { ...request, maxSweeps: 1 } : request));
    const found = await settled(joint, cut);
    expect(found[1]).toMatchObject({ outcome: "stopped", sweeps: 1 });
    for (const k of [0, 2]) expect(apart(wanted[k], found[k])).toBeLessThan(1e-4);
    const solves = joint.solveTogether(requests(0, { tick: 13 }));
    solves[2].stop();
    const outcomes = (await Promise.all(solves.map(({ done }) => done))).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["accepted", "accepted", "stopped"]);
  });

  test("ticks of one session, or too many, are refused", () => {
    const [first] = requests(0);
    expect(() => joint.solveTogether([first, first])).toThrow(
      "two ticks of one session cannot be solved together",
    );
    const many = Array.from({ length: PROBLEMS + 1 }, (_, k) => ({ ...first, session: `${k}` }));
    expect(() => joint.solveTogether(many)).toThrow("the host solves 3 problems together at most, not 4");
  });
});

test("the same ticks give the same chunks, bit for bit, from run to run", async () => {
  const runs: Float32Array[][] = [];
  for (let run = 0; run < 2; run++) {
    const host = await opened({ together: PROBLEMS, runtime: { threads: 2, spin: false } });
    const results = [...(await settled(host, requests(0))), ...(await settled(host, requests(1)))];
    runs.push(results.map((result) => solved(result).actions));
  }
  expect(runs[1]).toEqual(runs[0]);
});

test.each(["sequential", "picard", "anderson", "parareal", "speculative"] as const)(
  "%s needs to know nothing of the others",
  async (name) => {
    const solver = { name, coupling: 0, rule: { name: "ddpm", steps: 12 } } as const;
    const [alone, joint] = [await opened({ solver }), await opened({ solver, together: PROBLEMS })];
    const asked = requests(0);
    const [wanted, found] = [await oneByOne(alone, asked), await settled(joint, asked)];
    for (const [k, result] of found.entries()) expect(apart(wanted[k], result)).toBeLessThan(1e-4);
  },
);

test("a network call that fails fails for all of them, and the next ones are answered", async () => {
  // Beyond what the warm-up takes.
  const faults = { shard: { call: 30, how: "throws" } } as const;
  // All of them take 8 sweeps, so that nobody has left when it fails.
  const solver = { name: "picard", tolerance: 0, window: 8, rule: { name: "ddim", steps: 8 } } as const;
  const host = await opened({ together: PROBLEMS, runtime: { threads: 2, spin: false }, solver, faults });
  let results: TickResult[] = [];
  for (let tick = 0; results.every(isSolved); tick++) results = await settled(host, requests(0, { tick }));
  for (const result of results) {
    expect(result).toMatchObject({
      outcome: "worker-failed",
      message: expect.stringContaining("it was told to fail"),
    });
  }
  expect((await settled(host, requests(0))).every(isSolved)).toBe(true);
});

test("a worker that dies settles all of them", async () => {
  const host = await opened({ together: PROBLEMS, faults: { crash: { at: 2 } } });
  for (const result of await settled(host, requests(0))) {
    expect(result).toMatchObject({
      outcome: "worker-failed",
      message: expect.stringContaining("ended with code 1"),
    });
  }
});
