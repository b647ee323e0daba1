import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InferenceHost, type WorkerChange } from "../../src/inference/host.js";
import { solverSettingsSchema } from "../../src/inference/settings.js";
import {
  isSolved,
  type Solve,
  type SolvedTick,
  type TickRequest,
  type TickResult,
} from "../../src/inference/tick.js";
import type { WorkerFaults } from "../../src/inference/worker-faults.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { type Manifest, middleObservation } from "../../src/policy/manifest.js";
import { changedBundle, SHIPPED } from "../policy/bundles.js";
import { distance } from "../sampling/problems.js";

const runtime = { threads: 1, spin: false };
let bundle: Bundle;
/** Without optimised graphs, which take longer to load than the solves of most hosts here. */
let plain: Bundle;
beforeAll(async () => {
  bundle = await loadBundle(SHIPPED);
  plain = { ...bundle, optimized: [] };
});

/** The middle observation with everything moved by some pixels. */
function moved(by: number): Float64Array {
  return middleObservation(bundle.manifest).map((value) => value + by);
}

function request(changes: Partial<TickRequest> = {}): TickRequest {
  return {
    session: "arm",
    episode: 0,
    tick: 0,
    executed: null,
    observation: moved(0),
    ...changes,
  };
}

function solved(tick: TickResult): SolvedTick {
  if (!isSolved(tick)) throw new Error(`not solved: ${tick.outcome}: ${tick.message}`);
  return tick;
}

/** Largest difference of two chunks in normalised units: the shipped policy's actions span 512 px. */
const apart = (a: SolvedTick, b: SolvedTick) => distance(a.actions, b.actions) / 256;

/** Waits for the first sweep. */
async function begun({ candidate }: Solve): Promise<void> {
  while (!candidate()) await new Promise((resolve) => setImmediate(resolve));
}

describe("with the shipped policy", () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await InferenceHost.start(bundle, { runtime });
  });
  afterAll(() => host.close());

  test("says what it runs and where", () => {
    expect(host.runtime).toEqual({ provider: "cpu", allow_fallback: false, ...runtime });
    expect(host.settings.name).toBe("semilinear");
    expect(host.plan).toBeUndefined();
    expect(host.manifest.name).toBe("pusht");
    expect(host.warmupMs).toBeGreaterThan(0);
  });

  test("gives a chunk inside the action limits", async () => {
    const { actions, outcome, start } = solved(await host.solve(request({ session: "limits" })).done);
    expect([outcome, start]).toEqual(["accepted", "cold"]);
    expect(actions).toHaveLength(15 * 2);
    for (const value of actions) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(512);
    }
  });

  test("solves in another way from the next request on, and refuses a way that it cannot go", async () => {
    const { sweeps } = solved(await host.solve(request({ session: "adjusted" })).done);
    const before = host.settings;
    host.adjust({ ...before, tolerance: 1e-5 });
    expect(host.settings).toEqual({ ...before, tolerance: 1e-5 });
    const finer = solved(await host.solve(request({ session: "adjusted" })).done);
    expect(finer.sweeps).toBeGreaterThan(sweeps);
    expect(() => host.adjust({ ...before, name: "auto" })).toThrow('the solver "auto" measures before');
    expect(host.settings.tolerance).toBe(1e-5);
    host.adjust(before);
    host.forget("adjusted");
  });

  test("leaves the main loop free while it solves", async () => {
    let most = 0;
    // The worker may be done before this thread has its turn on a busy machine, but not so often.
    for (let solves = 0; most <= 20 && solves < 100; solves++) {
      let isDone = false;
      const solve = host.solve(request({ session: "turns" })).done.finally(() => {
        isDone = true;
      });
      let turns = 0;
      for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve));
      await solve;
      most = Math.max(most, turns);
    }
    // A loop that was blocked would turn once or twice.
    expect(most).toBeGreaterThan(20);
  });

  test("two requests made at once are both right", async () => {
    const left = request({ session: "left" });
    const right = request({ session: "right", tick: 5, observation: moved(60) });
    const together = await Promise.all([host.solve(left).done, host.solve(right).done]);
    host.forget("left");
    host.forget("right");
    const apartLeft = await host.solve(left).done;
    const apartRight = await host.solve(right).done;
    expect(apart(solved(together[0]), solved(apartLeft))).toBeLessThan(1e-6);
    expect(apart(solved(together[1]), solved(apartRight))).toBeLessThan(1e-6);
    expect(apart(solved(apartLeft), solved(apartRight))).toBeGreaterThan(0.05);
  });

  test("a second tick starts warm and needs fewer sweeps", async () => {
    const cold = solved(await host.solve(request({ session: "warm" })).done);
    const warm = solved(await host.solve(request({ session: "warm", tick: 1, executed: 1 })).done);
    expect(warm.start).toBe("warm");
    expect(warm.sweeps).toBeLessThan(cold.sweeps);
    host.forget("warm");
    const again = solved(await host.solve(request({ session: "warm", tick: 2, executed: 1 })).done);
    expect(again.start).toBe("cold");
  });

  test("stop ends the solve that it belongs to and no other", async () => {
    const before = ["first", "second", "third"].map((session) => host.solve(request({ session })));
    const stopped = host.solve(request({ session: "stopped" }));
    const after = host.solve(request({ session: "after" }));
    stopped.stop();
    for (const { done } of before) expect((await done).outcome).toBe("accepted");
    expect(await stopped.done).toMatchObject({ outcome: "stopped", sweeps: 0, evaluations: 0 });
    expect((await after.done).outcome).toBe("accepted");
  });

  test("a solve that was stopped half-way can be repeated by its number of sweeps", async () => {
    const running = host.solve(request({ session: "cut" }));
    await begun(running);
    running.stop();
    const cut = await running.done;
    const next = { tick: 1, executed: 1, observation: moved(5) };
    const followed = solved(await host.solve(request({ session: "cut", ...next })).done);
    const repeated = await host.solve(request({ session: "repeated", maxSweeps: cut.sweeps })).done;
    expect(repeated).toMatchObject({ outcome: cut.outcome, residual: cut.residual });
    const again = solved(await host.solve(request({ session: "repeated", ...next })).done);
    expect(again.actions).toEqual(followed.actions);
  });

  test("shows the candidate of the last sweep: the chunk itself once it is accepted", async () => {
    const running = host.solve(request({ session: "candidate" }));
    expect(running.candidate()).toBeUndefined();
    const { actions, clipped, start, residual, sweeps, evaluations } = solved(await running.done);
    expect(running.candidate()).toEqual({ actions, clipped, start, residual, sweeps, evaluations });
  });

  test("freezes actions, to the last bit", async () => {
    const frozen = Float64Array.of(100.1, 200.2, 110.3, 210.4);
    const { actions } = solved(await host.solve(request({ session: "frozen", frozen })).done);
    expect(actions.slice(0, 4)).toEqual(Float32Array.from(frozen));
  });

  test("says where the time went", async () => {
    const { timings, sweeps } = await host.solve(request({ session: "timed" })).done;
    expect(timings.sweeps).toHaveLength(sweeps);
    expect(timings.network).toBeGreaterThan(0);
    expect(timings.network).toBeLessThanOrEqual(timings.solve);
    expect(timings.queue).toBeGreaterThan(0);
    expect(timings.deliver).toBeGreaterThan(0);
  });

  test("an observation that is not a number is a failure, and the next one is solved", async () => {
    const bad = await host.solve(request({ session: "nan", observation: moved(Number.NaN) })).done;
    expect(bad.outcome).toBe("not-finite");
    expect((await host.solve(request({ session: "nan" })).done).outcome).toBe("accepted");
  });

  test("a request that cannot be is a failure with its reason, and the next one is solved", async () => {
    const bad = await host.solve(request({ session: "bad", executed: -3 })).done;
    expect(isSolved(bad)).toBe(false);
    expect(bad).toMatchObject({ message: expect.stringContaining("not -3") });
    expect((await host.solve(request({ session: "bad" })).done).outcome).toBe("accepted");
  });
});

test("semilinear at tolerance 0 is the sequential sample on the shipped policy", async () => {
  const chunks: SolvedTick[] = [];
  // At all hundred levels in exactness.test.ts.
  const rule = { name: "ddpm", steps: 20 } as const;
  for (const way of [{ name: "sequential" }, { name: "semilinear", tolerance: 0 }] as const) {
    const solver = { ...way, rule };
    const host = await InferenceHost.start(bundle, { runtime, solver });
    chunks.push(solved(await host.solve(request({ tick: 3, observation: moved(20) })).done));
    await host.close();
  }
  expect(apart(chunks[0], chunks[1])).toBeLessThan(1e-4);
});

test("auto measures the device, names a solver and says why", async () => {
  const host = await InferenceHost.start(bundle, { runtime, solver: { name: "auto", seed: 5 } });
  expect(["semilinear", "picard", "sequential"]).toContain(host.settings.name);
  expect(host.settings).toMatchObject({ seed: 5, warm: true });
  expect(host.plan?.settings).toEqual(host.settings);
  expect(host.plan?.explanation).toMatch(new RegExp(`^${host.settings.name}.* ms;`));
  const batches = host.plan?.curve.map(({ batch }) => batch) ?? [];
  expect(Math.min(...batches)).toBe(1);
  expect(Math.max(...batches)).toBeGreaterThanOrEqual(100);
  expect((await host.solve(request()).done).outcome).toBe("accepted");
  const { settings } = host;
  host.adjust({ ...solverSettingsSchema.parse({ name: "auto" }), coupling: 0.5 });
  expect(host.settings).toEqual({ ...settings, coupling: 0.5 });
  await host.close();
});

/** A host whose worker fails as told, and what is said about it. */
async function faulty(faults: WorkerFaults, hangMs?: number, from: Bundle = plain) {
  const events: WorkerChange[] = [];
  let announce = () => {};
  const ready = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const host = await InferenceHost.start(from, {
    runtime,
    faults,
    ...(hangMs === undefined ? {} : { hangMs }),
    onWorker: (event) => {
      events.push(event);
      if (event.state === "ready") announce();
    },
  });
  return { host, events, ready };
}

describe("a worker that is lost", () => {
  test.each<[string, WorkerFaults, string]>([
    ["dies", { crash: { at: 2 } }, "ended with code 1"],
    ["hangs", { stall: { at: 2, ms: null } }, "hangs: no sweep in 2000 ms"],
  ])("because it %s is replaced, and its solves fail", async (_how, faults, reason) => {
    const { host, events, ready } = await faulty(faults, 2000);
    const first = solved(await host.solve(request()).done);
    const struck = host.solve(request({ tick: 1, executed: 1 }));
    const queued = host.solve(request({ session: "other" }));
    await begun(struck);
    struck.stop();
    for (const { done } of [struck, queued]) {
      expect(await done).toMatchObject({
        outcome: "worker-failed",
        message: expect.stringContaining(reason),
      });
    }
    expect(struck.candidate()).toMatchObject({ sweeps: 1, start: "warm" });
    const meanwhile = host.solve(request());
    expect(meanwhile.candidate()).toBeUndefined();
    expect(await meanwhile.done).toMatchObject({
      outcome: "worker-failed",
      message: expect.stringContaining("the inference worker is being replaced: "),
    });

    await ready;
    expect(events).toEqual([
      { state: "lost", message: expect.stringContaining(reason) },
      { state: "ready", message: expect.stringMatching(/a new inference worker is ready after .* s/) },
    ]);
    const cold = solved(await host.solve(request({ executed: 1 })).done);
    expect(cold.start).toBe("cold");
    expect(cold.actions).toEqual(first.actions);
    expect(host.settings.name).toBe("semilinear");
    await host.close();
  });

  test("is replaced in the end, however often the new one fails to start", async () => {
    const networks = [plain.network, new Uint8Array(8), new Uint8Array(8)];
    const unsteady = {
      ...plain,
      get network() {
        return networks.shift() ?? plain.network;
      },
    };
    const { host, events, ready } = await faulty({ crash: { at: 1 } }, undefined, unsteady);
    await host.solve(request()).done;
    await ready;
    expect(events.map(({ state }) => state)).toEqual(["lost", "lost", "lost", "ready"]);
    expect(events[2].message).toContain("onnxruntime cannot load");
    expect((await host.solve(request()).done).outcome).toBe("accepted");
    await host.close();
  });

  test("before the host is closed does not keep it open", async () => {
    const { host } = await faulty({ crash: { at: 1 } });
    await host.solve(request()).done;
    await host.close();
    expect(await host.solve(request()).done).toMatchObject({ message: "the inference host is closed" });
  });
});

describe("faults", () => {
  test("of numbers strike one solve", async () => {
    const { host } = await faulty({ nan: { at: 2 } });
    const outcomes: string[] = [];
    for (let tick = 0; tick < 3; tick++) {
      outcomes.push((await host.solve(request({ tick, executed: tick === 0 ? null : 1 })).done).outcome);
    }
    expect(outcomes).toEqual(["accepted", "not-finite", "accepted"]);
    await host.close();
  });

  test("of time lengthen solves and change nothing else", async () => {
    const { host } = await faulty({ delay: { ms: 30, jitterMs: 20, seed: 1 }, stall: { at: 1, ms: 40 } });
    const delayed = solved(await host.solve(request()).done);
    await host.close();
    expect(delayed.timings.network).toBeGreaterThan(30);
    expect(delayed.timings.denormalise).toBeGreaterThan(39);
    const prompt = await InferenceHost.start(plain, { runtime });
    expect(solved(await prompt.solve(request()).done).actions).toEqual(delayed.actions);
    await prompt.close();
  });
});

describe("close", () => {
  test("settles a running solve as stopped, and later ones as failures", async () => {
    // Longer than this thread may be kept from closing.
    const { host } = await faulty({ delay: { ms: 500, jitterMs: 0, seed: 1 } });
    const running = host.solve(request());
    const closing = host.close();
    const late = await host.solve(request()).done;
    await closing;
    expect((await running.done).outcome).toBe("stopped");
    expect(late).toMatchObject({ outcome: "worker-failed", message: "the inference host is closed" });
    await host.close();
  });

  test("does not wait for a worker that hangs", async () => {
    const { host, events } = await faulty({ stall: { at: 1, ms: null } }, 1000);
    const running = host.solve(request());
    await begun(running);
    await host.close();
    expect((await running.done).outcome).toBe("worker-failed");
    expect(events).toEqual([]);
  });
});

describe("refuses to start", () => {
  async function refusal(start: Promise<InferenceHost>): Promise<string> {
    const error: unknown = await start.then(
      (host) => host.close(),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["a truncated network", (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ["an empty network", () => new Uint8Array(0)],
    ["a network of garbage", () => new Uint8Array(4096).fill(0xa5)],
  ])("with %s, even if its checksum is stated", async (_what, network) => {
    const broken = await loadBundle(await changedBundle({ network, restated: true }));
    expect(await refusal(InferenceHost.start(broken, { runtime }))).toContain(
      'onnxruntime cannot load denoiser.onnx on provider "cpu"',
    );
  });

  test.each<[string, Partial<Manifest>, string, string]>([
    ["another horizon", { horizon: 12 }, "sample float32 [batch, 16, 2]", "sample float32 [batch, 12, 2]"],
    ["another history", { n_obs_steps: 3 }, "observation float32 [1, 40]", "observation float32 [1, 60]"],
    [
      "another observation width",
      { observation: [{ name: "agent_position", shape: [2], unit: "px" }] },
      "observation float32 [1, 40]",
      "observation float32 [1, 4]",
    ],
    [
      "another action width",
      { action: [{ name: "x", unit: "px", min: 0, max: 512 }] },
      "sample float32 [batch, 16, 2]",
      "sample float32 [batch, 16, 1]",
    ],
  ])("with a manifest of %s, naming both", async (_what, changes, found, needed) => {
    const unfit = { ...plain, manifest: { ...plain.manifest, ...changes } };
    const message = await refusal(InferenceHost.start(unfit, { runtime }));
    expect(message).toContain(found);
    expect(message).toContain(needed);
    expect(message).toContain("policy.yaml");
  });

  test("with a network whose weights are not numbers", async () => {
    const spoil = (bytes: Uint8Array) => bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 4096);
    const broken = await loadBundle(await changedBundle({ network: spoil, restated: true }));
    expect(await refusal(InferenceHost.start(broken, { runtime }))).toContain("not finite");
  });

  test("with an unknown provider", async () => {
    const wrong = { runtime: { provider: "npu" as "cpu" } };
    await expect(InferenceHost.start(bundle, wrong)).rejects.toThrow(/cpu.*webgpu.*cuda/s);
  });

  test("with an unknown solver", async () => {
    const wrong = { solver: { name: "magic" as "picard" } };
    await expect(InferenceHost.start(bundle, wrong)).rejects.toThrow(/semilinear.*picard.*sequential/s);
  });
});
