import { expect, test } from "vitest";
import { describeRuntime, runtimeSchema, sessionOptions } from "../../src/inference/runtime.js";
import {
  createSolver,
  describeSolver,
  resolveSolver,
  solverSettingsSchema,
} from "../../src/inference/settings.js";
import { mixtureProblem, solve } from "../sampling/problems.js";

test("the default is the solver with the fewest sweeps, warm and coupled", () => {
  expect(solverSettingsSchema.parse({})).toEqual({
    name: "semilinear",
    rule: { name: "ddpm", spacing: "trailing" },
    pipelined: true,
    warm: true,
    seed: 0,
  });
});

test.each([
  [{ name: "magic" }, "name"],
  [{ coupling: 1.5 }, "coupling"],
  [{ tolerance: -1 }, "tolerance"],
  [{ window: 0 }, "window"],
  [{ seed: 0.5 }, "seed"],
  [{ sweeps: 3 }, "sweeps"],
  [{ name: "speculative", coupling: 1 }, "coupling"],
  [{ rule: { name: "euler" } }, "rule"],
])("refuses %j by field", (wrong, field) => {
  expect(() => solverSettingsSchema.parse(wrong)).toThrow(field);
});

test.each([
  [{ name: "sequential" }, 30],
  [{ name: "picard", window: 1 }, 30],
  [{ name: "semilinear", slope: "x0", tolerance: 10 }, 1],
  [{ name: "anderson", window: 1, tolerance: 0 }, 30],
  [{ name: "parareal", tolerance: 0 }, 30],
])("%j runs that solver", async (chosen, sweeps) => {
  const solver = createSolver(solverSettingsSchema.parse(chosen));
  expect((await solve(solver, mixtureProblem({ levels: 30 }))).sweeps).toBe(sweeps);
});

test.each([
  [{ name: "sequential" }, "sequential (ddpm), noise coupling 1"],
  [{ name: "picard", tolerance: 0.1 }, "picard (ddpm), tolerance 0.1, warm start, noise coupling 1"],
  [
    { name: "speculative", window: 50, rule: { name: "ddim", steps: 10, eta: 1 } },
    "speculative (ddim, 10 steps), window 50, warm start, noise coupling 0",
  ],
  [{ warm: false, coupling: 0 }, "semilinear (ddpm), cold start, noise coupling 0"],
])("%j is described for people", (chosen, words) => {
  expect(describeSolver(solverSettingsSchema.parse(chosen))).toBe(words);
});

test("the calibrated slope goes with a calibration, unless another is named", () => {
  expect(resolveSolver({}, true).slope).toBe("calibrated");
  expect(resolveSolver({}, false).slope).toBe("secant");
  expect(resolveSolver({ slope: "x0" }, true).slope).toBe("x0");
  expect(() => createSolver(resolveSolver({ slope: "calibrated" }, false))).toThrow("parapilot calibrate");
});

test("a runtime is described with its provider and threads", () => {
  expect(describeRuntime(runtimeSchema.parse({ threads: 1 }))).toBe("cpu, 1 thread, spinning");
  expect(describeRuntime({ provider: "cuda", threads: 2, spin: false })).toBe(
    "cuda, 2 threads, not spinning",
  );
});

test("a provider other than the CPU may not fall back to it in silence", () => {
  const extra = (provider: "cpu" | "cuda") =>
    JSON.stringify(sessionOptions(runtimeSchema.parse({ provider })).extra);
  expect(extra("cuda")).toContain('"disable_cpu_ep_fallback":"1"');
  expect(extra("cpu")).not.toContain("disable_cpu_ep_fallback");
});

test("a fallback that is allowed is asked for, and described", () => {
  const runtime = runtimeSchema.parse({ provider: "webgpu", threads: 1, allow_fallback: true });
  const { executionProviders, extra } = sessionOptions(runtime);
  expect(executionProviders).toEqual(["webgpu", "cpu"]);
  expect(JSON.stringify(extra)).not.toContain("disable_cpu_ep_fallback");
  expect(describeRuntime(runtime)).toBe("webgpu with fallback to the cpu, 1 thread, spinning");
});

test.each([[{ provider: "npu" }], [{ threads: 0 }], [{ cores: 2 }]])("refuses the runtime %j", (wrong) => {
  expect(() => runtimeSchema.parse(wrong)).toThrow(Object.keys(wrong)[0]);
});
