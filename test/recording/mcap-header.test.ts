import { expect, test } from "vitest";
import { runtimeSchema } from "../../src/inference/runtime.js";
import { resolveSolver } from "../../src/inference/settings.js";
import { loadBundle } from "../../src/policy/bundle.js";
import {
  bundleFingerprint,
  recordingHeader,
  recordingHeaderSchema,
} from "../../src/recording/mcap-header.js";
import { SHIPPED } from "../policy/bundles.js";

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

test("a changed calibration is told from the one that was recorded", async () => {
  const bundle = await loadBundle(SHIPPED);
  const before = bundleFingerprint(bundle).calibration;
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(bundleFingerprint(await loadBundle(SHIPPED)).calibration).toBe(before);
  if (bundle.calibration) bundle.calibration.slope[3] += 1e-7;
  expect(bundleFingerprint(bundle).calibration).not.toBe(before);
  const { calibration, ...uncalibrated } = bundle;
  expect(bundleFingerprint(uncalibrated).calibration).toBeNull();
});
