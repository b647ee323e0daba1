import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { budgetsSchema } from "../control/budgets.js";
import { planSettingsSchema } from "../control/plan-settings.js";
import { wantedRuntimeSchema } from "../inference/runtime.js";
import { solverSettingsSchema } from "../inference/settings.js";
import { ConfigurationError, describeIssues } from "../policy/errors.js";
import { DEFAULT_ENDPOINT } from "../transport/endpoint.js";
import { rosSectionSchema } from "./ros-section.js";

/** A launch file: which policy to run, how to solve it, where to listen, what may take how long. */
export const launchSchema = z.strictObject({
  policy: z.string().min(1).describe("the bundle's folder, relative to the launch file"),
  endpoint: z.string().min(1).default(DEFAULT_ENDPOINT).describe("where clients connect"),
  allow_remote: z.boolean().default(false).describe("listen beyond this machine, unencrypted"),
  solver: solverSettingsSchema.prefault({}),
  runtime: wantedRuntimeSchema.prefault({}),
  budgets: budgetsSchema.prefault({}),
  plan: planSettingsSchema.prefault({}),
  log: z.string().min(1).optional().describe("file for the node's log, relative to the working directory"),
  record: z.string().min(1).optional().describe("MCAP file to record to, relative to the working directory"),
  view: z.string().min(1).optional().describe('address of the live page and metrics, e.g. "127.0.0.1:8080"'),
  ros: rosSectionSchema.optional().describe("topics of a ROS 2 graph, for parapilot ros"),
});

export type Launch = z.infer<typeof launchSchema>;

/** A launch file as it is written: defaults left out, durations with their units. */
export type LaunchDocument = z.input<typeof launchSchema>;

/**
 * Reads a launch file; its policy path becomes absolute.
 *
 * @throws ConfigurationError naming the field, what was found and what is wanted.
 */
export async function loadLaunch(file: string): Promise<Launch> {
  return (await readLaunch(file)).launch;
}

/** {@link loadLaunch}, with what is written in the file, as it is written. */
export async function readLaunch(
  file: string,
): Promise<{ readonly document: LaunchDocument; readonly launch: Launch }> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new ConfigurationError(
      `cannot read the launch file ${file} (${(error as NodeJS.ErrnoException).code}); launch/pusht.yaml is an example`,
    );
  }
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new ConfigurationError(`${file} is not YAML: ${(error as Error).message}`);
  }
  const launch = await checkLaunch(document, file);
  const policy = resolve(dirname(file), launch.policy);
  return { document: document as LaunchDocument, launch: { ...launch, policy } };
}

/**
 * What a launch document says, defaults filled in.
 *
 * @param origin where it is from, for the error.
 * @throws ConfigurationError naming the field, what was found and what is wanted.
 */
export async function checkLaunch(document: unknown, origin: string): Promise<Launch> {
  const result = await launchSchema.safeParseAsync(document);
  if (!result.success) throw new ConfigurationError(`${origin}: ${describeIssues(result.error, document)}`);
  return result.data;
}
