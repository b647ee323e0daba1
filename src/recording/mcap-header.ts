import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import { optimizedFor } from "../inference/graphs.js";
import { type Runtime, runtimeSchema } from "../inference/runtime.js";
import { type SolverSettings, solverSettingsSchema } from "../inference/settings.js";
import type { Bundle } from "../policy/bundle.js";
import type { Calibration } from "../policy/calibration.js";
import { manifestSchema } from "../policy/manifest.js";

/** Names the form of a recording; another form gets another number. */
export const RECORDING_FORMAT = "parapilot-recording/1";

/** The MCAP metadata record that makes a file a recording: `format`, `epoch_ns` and `header`. */
export const RECORDING_METADATA = "parapilot";

const settings = z.record(z.string(), z.json());

/** What the node ran with when it recorded: everything that the same solver is built from again. */
export const recordingHeaderSchema = z.strictObject({
  versions: z.record(z.string(), z.string()).describe("parapilot, node, onnxruntime, platform"),
  bundle: z.strictObject({
    directory: z.string(),
    network: z.string().describe("sha256 of the denoiser"),
    optimized: z
      .array(z.strictObject({ sha256: z.string(), from_rows: z.int() }))
      .default([])
      .describe(
        "graphs that ran in the denoiser's place, each from so many rows on; recordings from before there were any name none",
      ),
    observation: z
      .string()
      .nullable()
      .default(null)
      .describe("sha256 of the graph that ran once per tick for them; null: none did"),
    calibration: z.string().nullable().describe("sha256 of the calibration's numbers; null: there was none"),
  }),
  manifest: manifestSchema,
  solver: solverSettingsSchema.describe('as it ran: what "auto" came to'),
  runtime: runtimeSchema,
  budgets: settings.describe("as resolved; null is off"),
  plan: settings.describe("as resolved"),
});

export type RecordingHeader = z.infer<typeof recordingHeaderSchema>;

/** What a {@link RecordingHeader} is made from; budgets and plan are plain JSON values. */
export interface RecordedSetup {
  readonly bundle: Bundle;
  readonly solver: SolverSettings;
  readonly runtime: Runtime;
  readonly budgets: RecordingHeader["budgets"];
  readonly plan: RecordingHeader["plan"];
}

/**
 * The header of a recording that begins now.
 *
 * @example
 * const header = recordingHeader({ bundle, solver: host.settings, runtime: host.runtime, budgets: { ...budgets }, plan: { ...plan } });
 */
export function recordingHeader({ bundle, solver, runtime, budgets, plan }: RecordedSetup): RecordingHeader {
  return {
    versions: versions(),
    bundle: bundleFingerprint(bundle, runtime.provider),
    manifest: bundle.manifest,
    solver,
    runtime,
    budgets,
    plan,
  };
}

/** Tells whether a bundle gives the numbers of another one on a provider, wherever the two lie. */
export function bundleFingerprint(bundle: Bundle, provider: Runtime["provider"]): RecordingHeader["bundle"] {
  const { directory, manifest, calibration } = bundle;
  const optimized = optimizedFor(bundle, provider);
  return {
    directory,
    network: manifest.denoiser.sha256,
    optimized: optimized.map(({ sha256, fromRows }) => ({ sha256, from_rows: fromRows })),
    observation: optimized[0]?.observation?.sha256 ?? null,
    calibration: calibration ? calibrationDigest(calibration) : null,
  };
}

function calibrationDigest({ response, offset, slope }: Calibration): string {
  const hash = createHash("sha256");
  for (const values of [response.basis, response.slope, offset, slope]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  if (response.tolerance !== undefined) hash.update(String(response.tolerance));
  return hash.digest("hex");
}

/** Of what may change a bit. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const own = new URL("../../../package.json", import.meta.url);
  const { version: parapilot } = JSON.parse(readFileSync(own, "utf8")) as { version: string };
  const { version: onnxruntime } = require("onnxruntime-node/package.json") as { version: string };
  return { parapilot, node: process.version, onnxruntime, platform: `${process.platform} ${process.arch}` };
}
