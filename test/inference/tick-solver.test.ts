import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SolverSettings, solverSettingsSchema } from "../../src/inference/settings.js";
import {
  type Candidate,
  type FailedTick,
  isSolved,
  type SolvedTick,
  type TickRequest,
  type TickResult,
} from "../../src/inference/tick.js";
import { SAFE_RESIDUAL, TickSolver } from "../../src/inference/tick-solver.js";
import type { Manifest } from "../../src/policy/manifest.js";
import { jointManifest } from "../policy/manifests.js";
import { distance } from "../sampling/problems.js";
import { type Follower, follower } from "./denoisers.js";

const settings = (changes: Partial<SolverSettings> = {}) => solverSettingsSchema.parse(changes);

/** Two observations of the joint, the newest at `position`. */
const at = (position: number) => Float64Array.of(0, 0.5, 1, position, 0.5, 1);

function request(changes: Partial<TickRequest> = {}): TickRequest {
  return {
    session: "arm",
    episode: 0,
    tick: 0,
    executed: null,
    observation: at(1),
    ...changes,
  };
}

interface Bench {
  readonly solver: TickSolver;
  readonly denoiser: Follower;
}

function bench(
  changes: Partial<SolverSettings> = {},
  manifest: Manifest = jointManifest(),
  denoiser: Follower = follower(manifest),
): Bench {
  return { solver: new TickSolver(manifest, denoiser, settings(changes)), denoiser };
}

function solved(tick: TickResult): SolvedTick {
  if (!isSolved(tick)) throw new Error(`not solved: ${tick.outcome}: ${tick.message}`);
  return tick;
}

function failure(tick: TickResult): FailedTick {
  if (isSolved(tick)) throw new Error(`solved: ${tick.outcome}`);
  expect(tick).not.toHaveProperty("actions");
  return tick;
}

describe("a tick", () => {
  test("gives the actions from the newest observation on, in physical units", async () => {
    const { actions, outcome, clipped } = solved(await bench().solver.solve(request()));
    expect(outcome).toBe("accepted");
    expect(clipped).toBe(0);
    expect(actions).toHaveLength(5); // a horizon of 6, of which 1 lies in the past
    // Position 1 of ±4 is 0.25, which is 0.5 of ±2.
    for (const action of actions) expect(Math.abs(action - 0.5)).toBeLessThan(0.1);
  });

  test("shows the denoiser the normalised observation", async () => {
    const { solver, denoiser } = bench();
    const observation = at(1);
    await solver.solve(request({ observation }));
    expect(denoiser.seen).toEqual([Float64Array.of(0, 0, 0, 0.25, 0, 0)]);
    expect(observation).toEqual(at(1));
  });

  test("is the same for the same seed, episode and tick, and differs where one of them does", async () => {
    const act = async (seed: number, episode: number, tick: number) =>
      Array.from(solved(await bench({ seed }).solver.solve(request({ episode, tick }))).actions);
    const reference = await act(3, 1, 2);
    expect(await act(3, 1, 2)).toEqual(reference);
    expect(await act(4, 1, 2)).not.toEqual(reference);
    expect(await act(3, 2, 2)).not.toEqual(reference);
    expect(await act(3, 1, 3)).not.toEqual(reference);
  });

  test.each(["picard", "semilinear"] as const)("solved exactly by %s is the sequential one", async (name) => {
    const manifest = jointManifest();
    const act = async (changes: Partial<SolverSettings>) => {
      const { solver } = bench(changes, manifest, follower(manifest, [-0.5, 0.1, 0.6], 0.1));
      return solved(await solver.solve(request())).actions;
    };
    expect(distance(await act({ name, tolerance: 0 }), await act({ name: "sequential" }))).toBeLessThan(1e-6);
  });

  test("reports sweeps and evaluations of its solve", async () => {
    const { sweeps, evaluations, residual } = await bench({ name: "sequential" }).solver.solve(request());
    expect([sweeps, evaluations, residual]).toEqual([20, 20, 0]);
  });
});

describe("warm start", () => {
  test("picks up where the previous tick ended", async () => {
    const manifest = jointManifest();
    const sweeps = { cold: 0, warm: 0 };
    for (let episode = 0; episode < 20; episode++) {
      const { solver } = bench({}, manifest, follower(manifest, [0], 0.3));
      for (const executed of [null, 1, 1, 1]) {
        const tick = solved(await solver.solve(request({ episode, executed })));
        expect(tick.start).toBe(executed === null ? "cold" : "warm");
        sweeps[tick.start] += tick.sweeps;
      }
    }
    expect(sweeps.warm / 3).toBeLessThan(0.8 * sweeps.cold);
  });

  test("repeats the chunk in one sweep when nothing happened in between", async () => {
    const { solver } = bench({ tolerance: 1e-6 });
    const first = solved(await solver.solve(request()));
    const again = solved(await solver.solve(request({ tick: 1, executed: 0 })));
    expect(again.sweeps).toBe(1);
    expect(distance(again.actions, first.actions)).toBeLessThan(1e-5);
  });

  test("starts cold when asked to forget", async () => {
    const { solver } = bench();
    await solver.solve(request());
    expect(solved(await solver.solve(request({ tick: 1, executed: null }))).start).toBe("cold");
  });

  test("starts cold after forget()", async () => {
    const { solver } = bench();
    await solver.solve(request());
    solver.forget("arm");
    expect(solved(await solver.solve(request({ tick: 1, executed: 1 }))).start).toBe("cold");
  });

  test("starts cold when the whole horizon has been executed", async () => {
    const { solver } = bench();
    await solver.solve(request());
    expect(solved(await solver.solve(request({ tick: 1, executed: 6 }))).start).toBe("cold");
  });

  test("is switched off by warm: false", async () => {
    const { solver } = bench({ warm: false });
    await solver.solve(request());
    expect(solved(await solver.solve(request({ tick: 1, executed: 1 }))).start).toBe("cold");
  });

  test("does not change what an exact solve without coupling gives", async () => {
    const exact = { tolerance: 0, coupling: 0 };
    const { solver } = bench(exact);
    await solver.solve(request());
    const warm = solved(await solver.solve(request({ tick: 1, executed: 2, observation: at(-1) })));
    const cold = solved(await bench(exact).solver.solve(request({ tick: 1, observation: at(-1) })));
    expect(warm.start).toBe("warm");
    expect(distance(warm.actions, cold.actions)).toBeLessThan(1e-6);
  });

  test("of one session is not that of another", async () => {
    const { solver } = bench();
    const alone = bench().solver;
    await solver.solve(request({ session: "left", observation: at(3) }));
    await solver.solve(request({ session: "right", observation: at(-3) }));
    await alone.solve(request({ session: "left", observation: at(3) }));
    const next = request({ session: "left", tick: 1, executed: 1, observation: at(3) });
    const [together, separate] = [await solver.solve(next), await alone.solve(next)];
    expect(solved(together).start).toBe("warm");
    expect(solved(together).actions).toEqual(solved(separate).actions);
    expect(solved(await solver.solve(request({ session: "third", executed: 1 }))).start).toBe("cold");
  });
});

describe("a solve that is cut short", () => {
  test.each(["sequential", "picard", "semilinear"] as const)(
    "gives no actions of its own, with %s",
    async (name) => {
      const { solver } = bench({ name });
      const { outcome, sweeps, residual } = failure(await solver.solve(request({ maxSweeps: 1 })));
      expect([outcome, sweeps]).toEqual(["stopped", 1]);
      expect(residual).toBeGreaterThan(SAFE_RESIDUAL);
    },
  );

  test("is asked between sweeps", async () => {
    const { solver, denoiser } = bench({ name: "sequential" });
    let calls = 0;
    denoiser.before = () => {
      calls += 1;
    };
    const { outcome, message } = failure(await solver.solve(request(), { stopped: () => calls === 3 }));
    expect(outcome).toBe("stopped");
    expect(message).toContain("after 3 sweeps");
    expect(calls).toBe(3);
  });

  test.each([{ maxSweeps: 0 }, {}])("before it begins asks the network nothing: %o", async (changes) => {
    const { solver, denoiser } = bench();
    const stopped = () => !("maxSweeps" in changes);
    const result = failure(await solver.solve(request(changes), { stopped }));
    expect([result.outcome, result.sweeps, result.evaluations]).toEqual(["stopped", 0, 0]);
    expect(denoiser.seen).toEqual([]);
  });

  test("before it begins leaves its executed steps to the next tick", async () => {
    const [skipped, direct] = [bench().solver, bench().solver];
    for (const solver of [skipped, direct]) await solver.solve(request());
    await skipped.solve(request({ tick: 1, executed: 2, maxSweeps: 0 }));
    const end = { tick: 2, observation: at(0) };
    const result = solved(await skipped.solve(request({ ...end, executed: 1 })));
    expect(result).toMatchObject({ start: "warm" });
    expect(result.actions).toEqual(solved(await direct.solve(request({ ...end, executed: 3 }))).actions);
  });

  test("before it begins starts the next tick cold, if it was to start cold itself", async () => {
    const { solver } = bench();
    await solver.solve(request());
    await solver.solve(request({ tick: 1, maxSweeps: 0 }));
    expect(solved(await solver.solve(request({ tick: 2, executed: 1 }))).start).toBe("cold");
  });

  test("does not take back a chunk that is already accepted", async () => {
    const { solver } = bench({ tolerance: 100 });
    let asked = 0;
    const stopped = () => asked++ > 0;
    expect((await solver.solve(request({ maxSweeps: 1 }), { stopped })).outcome).toBe("accepted");
  });

  test("is made up over several ticks", async () => {
    const manifest = jointManifest();
    const { solver } = bench({}, manifest, follower(manifest, [-0.5, 0.5], 0.1));
    let result = await solver.solve(request({ maxSweeps: 1 }));
    failure(result);
    for (let tick = 1; tick < 20 && !isSolved(result); tick++) {
      result = await solver.solve(request({ tick, executed: 0, maxSweeps: 1 }));
    }
    expect(isSolved(result)).toBe(true);
  });

  test("by whatever means can be repeated bit for bit, and so can all that follows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            position: fc.double({ min: -4, max: 4, noNaN: true }),
            executed: fc.option(fc.nat(7)),
            sweeps: fc.nat(6),
          }),
          { minLength: 2, maxLength: 6 },
        ),
        fc.constantFrom("sequential" as const, "picard" as const, "semilinear" as const),
        async (ticks, name) => {
          const manifest = jointManifest();
          const solvers = [0, 1].map(
            () => bench({ name }, manifest, follower(manifest, [-0.3, 0.3], 0.1)).solver,
          );
          for (const [tick, { position, executed, sweeps }] of ticks.entries()) {
            const asked = request({ tick, executed, observation: at(position) });
            const seen: [Candidate[], Candidate[]] = [[], []];
            let left = sweeps;
            const live = await solvers[0].solve(asked, {
              stopped: () => left-- <= 0,
              publish: (candidate) => seen[0].push(candidate),
            });
            const limited = isSolved(live) ? asked : { ...asked, maxSweeps: live.sweeps };
            const again = await solvers[1].solve(limited, {
              publish: (candidate) => seen[1].push(candidate),
            });
            expect(withoutTimings(again)).toEqual(withoutTimings(live));
            expect(seen[1]).toEqual(seen[0]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

const withoutTimings = ({ timings: _, ...rest }: TickResult) => rest;

describe("candidates", () => {
  test("are published after every sweep, the accepted one last", async () => {
    const { solver } = bench({ tolerance: 0 });
    const seen: Candidate[] = [];
    const tick = solved(await solver.solve(request(), { publish: (candidate) => seen.push(candidate) }));
    expect(seen.map(({ sweeps }) => sweeps)).toEqual(Array.from({ length: tick.sweeps }, (_, k) => k + 1));
    const { actions, clipped, start, residual, sweeps, evaluations } = tick;
    expect(seen.at(-1)).toEqual({ actions, clipped, start, residual, sweeps, evaluations });
  });

  test("keep to the action limits", async () => {
    const manifest = jointManifest({ action: [{ name: "goal", unit: "rad", min: -0.1, max: 0.1 }] });
    const { solver } = bench({ name: "sequential" }, manifest);
    await solver.solve(request({ observation: at(3) }), {
      publish: ({ actions }) => {
        expect(actions).toHaveLength(5);
        for (const action of actions) expect(Math.abs(action)).toBeLessThanOrEqual(Math.fround(0.1));
      },
    });
  });

  test("with values that are not numbers are not published", async () => {
    const { solver, denoiser } = bench();
    denoiser.value = Number.NaN;
    const seen: Candidate[] = [];
    await solver.solve(request(), { publish: (candidate) => seen.push(candidate) });
    expect(seen).toEqual([]);
  });
});

describe("timings", () => {
  test("tell where the time of a solve went", async () => {
    const { solver, denoiser } = bench();
    denoiser.before = () => {
      denoiser.networkMs += 7;
    };
    const { timings, sweeps } = await solver.solve(request());
    expect(timings.sweeps).toHaveLength(sweeps);
    expect(timings.network).toBe(7 * sweeps);
    expect(timings.normalise).toBeGreaterThan(0);
    expect(timings.denormalise).toBeGreaterThan(0);
    expect(timings.sweeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(timings.solve);
  });
});

describe("frozen actions", () => {
  const physical = Float64Array.of(1 / 3, -0.7);

  test.each(["sequential", "picard", "semilinear"] as const)(
    "come out as they went in, with %s",
    async (name) => {
      const { solver } = bench({ name });
      for (const executed of [null, 1]) {
        const { actions } = solved(await solver.solve(request({ executed, frozen: physical })));
        expect(actions.slice(0, 2)).toEqual(Float32Array.from(physical));
        expect(physical).toEqual(Float64Array.of(1 / 3, -0.7));
      }
    },
  );

  test("are in every candidate", async () => {
    const { solver } = bench({ name: "sequential" });
    await solver.solve(request({ frozen: physical }), {
      publish: ({ actions }) => expect(actions.slice(0, 2)).toEqual(Float32Array.from(physical)),
    });
  });

  test("draw the rest of the chunk into their mode, mostly", async () => {
    const manifest = jointManifest();
    // Two modes, to either side of the observed 0: the rows that are not frozen have a say in the choice too.
    const { solver } = bench({}, manifest, follower(manifest, [-0.5, 0.5], 0.05));
    const share = async (count: number): Promise<number> => {
      let agreeing = 0;
      for (let tick = 0; tick < 100; tick++) {
        const side = tick % 2 === 0 ? 1 : -1;
        const known = new Float64Array(count).fill(side);
        const { actions } = solved(await solver.solve(request({ tick, observation: at(0), frozen: known })));
        if (Math.abs(actions[4] - side) < 0.4) agreeing += 1;
      }
      return agreeing / 100;
    };
    expect(await share(0)).toBe(0.5);
    expect(await share(2)).toBeGreaterThan(0.6);
    expect(await share(4)).toBeGreaterThan(0.95);
  });

  test("solved exactly are those of the sequential sampler", async () => {
    const manifest = jointManifest();
    const act = async (changes: Partial<SolverSettings>) => {
      const { solver } = bench(changes, manifest, follower(manifest, [-0.5, 0.1, 0.6], 0.1));
      await solver.solve(request());
      return solved(await solver.solve(request({ tick: 1, executed: 1, frozen: physical }))).actions;
    };
    const sequential = await act({ name: "sequential" });
    for (const name of ["picard", "semilinear"] as const) {
      expect(distance(await act({ name, tolerance: 0 }), sequential)).toBeLessThan(1e-6);
    }
  });

  test("never lead outside the action limits", async () => {
    const { actions, clipped } = solved(await bench().solver.solve(request({ frozen: Float64Array.of(9) })));
    expect([actions[0], clipped]).toEqual([2, 1]);
  });

  test("that are no numbers give no chunk", async () => {
    const result = await bench().solver.solve(request({ frozen: Float64Array.of(Number.NaN) }));
    expect(failure(result).outcome).toBe("not-finite");
  });

  test("that do not fit the horizon are a programming error", async () => {
    const { solver } = bench();
    await expect(solver.solve(request({ frozen: new Float64Array(6) }))).rejects.toThrow("at most 5");
  });
});

describe("a denoiser that gives no number", () => {
  test.each(["sequential", "picard", "semilinear"] as const)("gives no actions with %s", async (name) => {
    const { solver, denoiser } = bench({ name });
    denoiser.value = Number.NaN;
    const { outcome, message } = failure(await solver.solve(request()));
    expect(outcome).toBe("not-finite");
    expect(message).toContain("check the observation's range");
  });

  test("is not asked again and again", async () => {
    const { solver, denoiser } = bench();
    denoiser.value = Number.NaN;
    expect(failure(await solver.solve(request())).sweeps).toBe(1);
  });

  test.each(["sequential", "picard", "semilinear"] as const)(
    "leaves nothing behind with %s",
    async (name) => {
      const { solver, denoiser } = bench({ name });
      await solver.solve(request());
      denoiser.value = Number.NaN;
      await solver.solve(request({ tick: 1, executed: 1 }));
      denoiser.value = undefined;
      expect(solved(await solver.solve(request({ tick: 2, executed: 1 }))).start).toBe("cold");
    },
  );

  test.each(["sequential", "picard", "semilinear"] as const)(
    "leaves nothing behind with %s when the solve is cut short",
    async (name) => {
      const { solver, denoiser } = bench({ name, window: 5 });
      denoiser.value = Number.NaN;
      failure(await solver.solve(request({ maxSweeps: 1 })));
      denoiser.value = undefined;
      expect(isSolved(await solver.solve(request({ tick: 1, executed: 1 })))).toBe(true);
    },
  );

  test("is refused before it is put to the network when the observation is not a number", async () => {
    const { solver } = bench();
    const observation = at(Number.NaN);
    expect(failure(await solver.solve(request({ observation }))).outcome).toBe("not-finite");
  });
});

describe("action limits", () => {
  const narrow = jointManifest({ action: [{ name: "goal", unit: "rad", min: -0.1, max: 0.1 }] });

  test("clip what leads outside, and count it", async () => {
    const { actions, clipped } = solved(
      await bench({}, narrow).solver.solve(request({ observation: at(3) })),
    );
    expect(clipped).toBe(5);
    for (const action of actions) expect(action).toBeCloseTo(0.1, 6);
  });

  test("hold to the last bit, in the float32 that is sent", async () => {
    for (const position of [-4, -0.2, 0, 0.2, 4]) {
      const { solver } = bench({}, narrow);
      for (const action of solved(await solver.solve(request({ observation: at(position) }))).actions) {
        expect(action).toBeGreaterThanOrEqual(-0.1);
        expect(action).toBeLessThanOrEqual(0.1);
      }
    }
  });

  test("count nothing when an action is on the limit, not beyond", async () => {
    const manifest = jointManifest({
      "normalizer.action": { min: [-0.1], max: [0.1] },
      action: [{ name: "goal", unit: "rad", min: -0.1, max: 0.1 }],
    });
    const { solver } = bench({}, manifest, follower(manifest, [0], 1e-9));
    expect(solved(await solver.solve(request({ observation: at(4) }))).clipped).toBe(0);
  });
});

test("a wrong number of executed steps is a programming error", async () => {
  await expect(bench().solver.solve(request({ executed: -1 }))).rejects.toThrow("not -1");
});
