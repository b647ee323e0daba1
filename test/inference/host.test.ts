import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InferenceHost } from "../../src/inference/host.js";
import {
  isSolved,
  type SolvedTick,
  type TickRequest,
  type TickResult,
} from "../../src/inference/tick-solver.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { type Manifest, middleObservation } from "../../src/policy/manifest.js";
import { changedBundle, SHIPPED } from "../policy/bundles.js";
import { distance } from "../sampling/problems.js";

const runtime = { threads: 1, spin: false };
let bundle: Bundle;
beforeAll(async () => {
  bundle = await loadBundle(SHIPPED);
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
    budgetMs: null,
    ...changes,
  };
}

function solved(tick: TickResult): SolvedTick {
  if (!isSolved(tick)) throw new Error(`not solved: ${tick.outcome}: ${tick.message}`);
  return tick;
}

/** Largest difference of two chunks in normalised units: the shipped policy's actions span 512 px. */
const apart = (a: SolvedTick, b: SolvedTick) => distance(a.actions, b.actions) / 256;

describe("with the shipped policy", () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await InferenceHost.start(bundle, { runtime });
  });
  afterAll(() => host.close());

  test("says what it runs and where", () => {
    expect(host.runtime).toEqual({ provider: "cpu", ...runtime });
    expect(host.settings.name).toBe("semilinear");
    expect(host.plan).toBeUndefined();
    expect(host.manifest.name).toBe("pusht");
    expect(host.warmupMs).toBeGreaterThan(0);
  });

  test("gives a chunk inside the action limits", async () => {
    const { actions, outcome, start } = solved(await host.solve(request({ session: "limits" })));
    expect([outcome, start]).toEqual(["accepted", "cold"]);
    expect(actions).toHaveLength(15 * 2);
    for (const value of actions) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(512);
    }
  });

  test("leaves the main loop free while it solves", async () => {
    let turns = 0;
    let done = false;
    const count = () => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await host.solve(request({ session: "turns" })).then(() => {
      done = true;
    });
    // A loop that was blocked would turn once or twice.
    expect(turns).toBeGreaterThan(20);
  });

  test("two requests made at once are both right", async () => {
    const left = request({ session: "left" });
    const right = request({ session: "right", tick: 5, observation: moved(60) });
    const together = await Promise.all([host.solve(left), host.solve(right)]);
    host.forget("left");
    host.forget("right");
    const apartLeft = await host.solve(left);
    const apartRight = await host.solve(right);
    expect(apart(solved(together[0]), solved(apartLeft))).toBeLessThan(1e-6);
    expect(apart(solved(together[1]), solved(apartRight))).toBeLessThan(1e-6);
    expect(apart(solved(apartLeft), solved(apartRight))).toBeGreaterThan(0.05);
  });

  test("a second tick starts warm and needs fewer sweeps", async () => {
    const cold = solved(await host.solve(request({ session: "warm" })));
    const warm = solved(await host.solve(request({ session: "warm", tick: 1, executed: 1 })));
    expect(warm.start).toBe("warm");
    expect(warm.sweeps).toBeLessThan(cold.sweeps);
    host.forget("warm");
    const again = solved(await host.solve(request({ session: "warm", tick: 2, executed: 1 })));
    expect(again.start).toBe("cold");
  });

  test("stop ends what was asked before it and nothing after", async () => {
    const before = host.solve(request({ session: "stopped" }));
    host.stop();
    const after = host.solve(request({ session: "stopped" }));
    expect((await before).outcome).toBe("stopped");
    expect((await after).outcome).toBe("accepted");
  });

  test("an observation that is not a number is a failure, and the next one is solved", async () => {
    const bad = await host.solve(request({ session: "nan", observation: moved(Number.NaN) }));
    expect(bad.outcome).toBe("not-finite");
    expect((await host.solve(request({ session: "nan" }))).outcome).toBe("accepted");
  });

  test("a request that cannot be is a failure with its reason, and the next one is solved", async () => {
    const bad = await host.solve(request({ session: "bad", executed: -3 }));
    expect(isSolved(bad)).toBe(false);
    expect(bad).toMatchObject({ message: expect.stringContaining("not -3") });
    expect((await host.solve(request({ session: "bad" }))).outcome).toBe("accepted");
  });
});

test("semilinear at tolerance 0 is the sequential sample on the shipped policy", async () => {
  const chunks: SolvedTick[] = [];
  for (const solver of [{ name: "sequential" }, { name: "semilinear", tolerance: 0 }] as const) {
    const host = await InferenceHost.start(bundle, { runtime, solver });
    chunks.push(solved(await host.solve(request({ tick: 3, observation: moved(20) }))));
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
  expect(host.plan?.curve.map(({ batch }) => batch)).toEqual(expect.arrayContaining([1, 100]));
  expect((await host.solve(request())).outcome).toBe("accepted");
  await host.close();
});

describe("close", () => {
  test("settles a running solve as stopped, and later ones as failures", async () => {
    const host = await InferenceHost.start(bundle, { runtime });
    const running = host.solve(request());
    await host.close();
    expect((await running).outcome).toBe("stopped");
    const late = await host.solve(request());
    expect(isSolved(late)).toBe(false);
    expect(late).toMatchObject({ message: expect.stringContaining("ended") });
    await host.close();
  });

  test("settles a request made while closing", async () => {
    const host = await InferenceHost.start(bundle, { runtime });
    const closing = host.close();
    const late = host.solve(request());
    await closing;
    expect(isSolved(await late)).toBe(false);
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
    const unfit = { ...bundle, manifest: { ...bundle.manifest, ...changes } };
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
