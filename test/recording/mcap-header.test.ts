import { expect, test } from "vitest";
import { runtimeSchema } from "../../src/inference/runtime.js";
import { resolveSolver } from "../../src/inference/settings.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import {
  bundleFingerprint,
  recordingHeader,
  recordingHeaderSchema,
} from "../../src/recording/mcap-header.js";
import { optimizedTinyBundle } from "../optimize/tiny-bundle.js";
import { optimizedBundle, SHIPPED } from "../policy/bundles.js";
import { HEADER } from "./events.js";

test("the header of the shipped policy survives its way through JSON", async () => {
  const bundle = await loadBundle(SHIPPED);
  const header = recordingHeader({
    bundle,
    solver: resolveSolver({ coupling: 0.1 }, true),
    runtime: runtimeSchema.parse({ threads: 1 }),
    budgets: { solve: 40, hold: null },
    plan: { execute: 8 },
  });
  expect(recordingHeaderSchema.parse(JSON.parse(JSON.stringify(header)))).toEqual(header);
  expect(header.bundle).toMatchObject({
    directory: bundle.directory,
    network: bundle.manifest.denoiser.sha256,
  });
  expect(header.versions.node).toBe(process.version);
  expect(Object.keys(header.versions)).toEqual(["parapilot", "node", "onnxruntime", "platform"]);
});

test("the header names the optimised graphs that run on the provider", async () => {
  const bundle = await loadBundle(
    await optimizedBundle([
      { bytes: new Uint8Array(10), fromRows: 5 },
      { bytes: new Uint8Array(11), fromRows: 1, for: "gpu" },
    ]),
  );
  const setup = { bundle, solver: resolveSolver({}, false), budgets: {}, plan: {} };
  const of = (provider: "cpu" | "webgpu") => {
    const header = recordingHeader({ ...setup, runtime: runtimeSchema.parse({ provider, threads: 1 }) });
    return recordingHeaderSchema.parse(JSON.parse(JSON.stringify(header))).bundle;
  };
  expect(of("cpu")).toMatchObject({ optimized: [{ sha256: bundle.optimized[0].sha256, from_rows: 5 }] });
  expect(of("webgpu")).toMatchObject({ optimized: [{ sha256: bundle.optimized[1].sha256, from_rows: 1 }] });
  expect(of("cpu").observation).toBeNull();
});

test("the header names the graph that runs once per tick", async () => {
  const bundle = await loadBundle(await optimizedTinyBundle());
  const { observation } = bundle.manifest.denoiser;
  for (const provider of ["cpu", "webgpu"] as const) {
    expect(bundleFingerprint(bundle, provider).observation).toBe(observation?.sha256);
  }
  expect(bundleFingerprint({ ...bundle, optimized: [] }, "cpu").observation).toBeNull();
});

test("a recording from before there were optimised graphs ran none", () => {
  const { optimized, observation, ...before } = HEADER.bundle;
  expect(recordingHeaderSchema.parse({ ...HEADER, bundle: before }).bundle).toEqual({
    ...before,
    optimized: [],
    observation: null,
  });
});

test("a changed calibration is told from the one that was recorded", async () => {
  const bundle = await loadBundle(SHIPPED);
  const calibrationOf = (changed: Bundle) => bundleFingerprint(changed, "cpu").calibration;
  const before = calibrationOf(bundle);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(calibrationOf(await loadBundle(SHIPPED))).toBe(before);
  const { calibration: own } = bundle;
  if (!own) throw new Error("the shipped policy has a calibration");
  const response = { ...own.response, tolerance: 0.011 };
  expect(calibrationOf({ ...bundle, calibration: { ...own, response } })).not.toBe(before);
  own.slope[3] += 1e-7;
  expect(calibrationOf(bundle)).not.toBe(before);
  const { calibration, ...uncalibrated } = bundle;
  expect(calibrationOf(uncalibrated)).toBeNull();
});
