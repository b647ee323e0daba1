import { z } from "zod";
import { float32Limits } from "./float32.js";

const name = z.string().min(1);
const unit = z.string().min(1).describe("px, m, rad, 1 …; never empty, so that nobody guesses");
const positive = z.number().finite().positive();
const count = z.number().int().positive();
const numbers = z.array(z.number().finite()).min(1);
const facts = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .refine((record) => Object.keys(record).length > 0, "must say something");
const range = z.strictObject({ min: numbers, max: numbers });
const graphFile = name.regex(/^[^/\\]+$/, "a file beside policy.yaml, not a path");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits");
const MEASURED = /^(.+)\[(\d+)\]$/;
const action = z.strictObject({
  name,
  unit,
  min: z.number().finite(),
  max: z.number().finite(),
  max_rate: positive.optional().describe("unit per second; absent: none"),
  max_acceleration: positive.optional().describe("unit per second²; absent: none"),
  at_rest: z
    .union([z.literal("keep"), z.number().finite()], { error: 'must be "keep" or a number' })
    .optional()
    .describe(
      "what stands still: the last action again (keep, the default) or a number, as 0 for velocities",
    ),
  measured: z
    .string()
    .regex(MEASURED, "must be an observation and an index into its values, such as agent_position[0]")
    .optional()
    .describe("the observed value that this action commands: where to hold a robot that has no plan"),
});

/**
 * `policy.yaml`: everything about a policy that is not in its network. One schema gives the types, the checks and the
 * words of the errors.
 */
export const manifestSchema = z
  .strictObject({
    format: z.literal("parapilot/1"),
    name,
    task: name.describe("the world it was trained for, e.g. pusht"),
    description: z.string().optional(),
    rate_hz: positive.describe("control steps per second"),
    n_obs_steps: count.describe("observations the policy sees, newest last"),
    horizon: count.describe("steps the policy predicts; the first n_obs_steps - 1 lie in the past"),
    n_action_steps: count.describe("steps to execute before the next chunk"),
    observation: z
      .array(z.strictObject({ name, shape: z.array(count).min(1), unit, description: z.string().optional() }))
      .min(1),
    action: z.array(action).min(1),
    diffusion: z.strictObject({
      levels: count,
      schedule: z.literal("squaredcos_cap_v2"),
      prediction: z.literal("epsilon").describe("what the network predicts"),
      clip: positive.describe("clean predictions are clipped to this, in normalised units"),
    }),
    normalizer: z.strictObject({
      kind: z.literal("limits").describe("[min, max] maps to [-1, 1]"),
      observation: z.record(z.string(), range),
      action: range,
    }),
    denoiser: z.strictObject({
      file: graphFile,
      sha256,
      observation: z
        .strictObject({ file: graphFile, sha256 })
        .optional()
        .describe("runs once per tick: observation [1, To · O] to what the optimised graphs need of it"),
      optimized: z
        .array(
          z.strictObject({
            file: graphFile,
            sha256,
            from_rows: count.describe("batch size from which on it runs, up to the next one's"),
            for: z
              .enum(["cpu", "gpu"], { error: 'must be "cpu" or "gpu"' })
              .default("cpu")
              .describe("which providers run it: cpu, or webgpu and cuda"),
            precision: z
              .enum(["float32", "float16"], { error: 'must be "float32" or "float16"' })
              .default("float32")
              .describe("of its large products; inputs and outputs are float32"),
          }),
        )
        .optional()
        .describe(
          "the same function up to rounding, as graphs that are faster; by ascending from_rows for each of cpu and gpu",
        ),
    }),
    training: facts.describe("how it was made, for a reader"),
    score: facts.describe("what it measured, and the command"),
  })
  .superRefine((manifest, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const { n_obs_steps, horizon, n_action_steps } = manifest;
    if (n_obs_steps - 1 + n_action_steps > horizon) {
      complain(
        ["n_action_steps"],
        `${n_action_steps} executed steps after ${n_obs_steps - 1} past ones do not fit a horizon of ${horizon}`,
      );
    }
    const { observation, optimized = [] } = manifest.denoiser;
    optimized.forEach((graph, k) => {
      const before = optimized.slice(0, k).findLast((other) => other.for === graph.for);
      if (before && before.from_rows >= graph.from_rows) {
        complain(
          ["denoiser", "optimized", k, "from_rows"],
          `must be above ${before.from_rows}, that of the graph for the ${graph.for} before it`,
        );
      }
    });
    if (observation && optimized.length === 0) {
      complain(
        ["denoiser", "observation"],
        "serves optimised graphs, and there are none: take it out, or make both anew with parapilot optimize",
      );
    }
    const checkRange = (path: (string | number)[], width: number, { min, max }: z.infer<typeof range>) => {
      for (const [side, values] of [["min", min] as const, ["max", max] as const]) {
        if (values.length !== width) {
          complain([...path, side], `has ${values.length} values where ${width} are needed`);
        }
      }
      const flat = min.findIndex((low, k) => !(low < max[k]));
      if (flat >= 0) complain(path, `entry ${flat}: min ${min[flat]} is not below max ${max[flat]}`);
    };
    checkRange(["normalizer", "action"], manifest.action.length, manifest.normalizer.action);
    for (const key of manifest.observation) {
      const found = manifest.normalizer.observation[key.name];
      if (found) checkRange(["normalizer", "observation", key.name], width(key.shape), found);
      else complain(["normalizer", "observation"], `has no range for observation "${key.name}"`);
    }
    for (const key of Object.keys(manifest.normalizer.observation)) {
      if (!manifest.observation.some((o) => o.name === key)) {
        complain(["normalizer", "observation", key], "names no observation of this policy");
      }
    }
    const repeated = manifest.observation.find(
      (o, k) => manifest.observation.findIndex((p) => p.name === o.name) !== k,
    );
    if (repeated) complain(["observation"], `names "${repeated.name}" twice`);
    manifest.action.forEach((a, k) => {
      if (!(a.min < a.max)) {
        complain(["action", k], `${a.name}: min ${a.min} is not below max ${a.max}`);
        return;
      }
      const { lowest, highest } = float32Limits(a);
      if (lowest > highest) {
        complain(["action", k], `${a.name}: no float32 lies between ${a.min} and ${a.max}; widen the limits`);
      }
      if (typeof a.at_rest === "number" && !(a.at_rest >= a.min && a.at_rest <= a.max)) {
        complain(["action", k, "at_rest"], `must lie within the limits ${a.min} and ${a.max} of ${a.name}`);
      }
      const problem = measurementProblem(manifest.observation, a);
      if (problem) complain(["action", k, "measured"], problem);
    });
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** One entry of an action: its limits, and what standing still means for it. */
export type ActionEntry = Manifest["action"][number];

/** One key of an observation. */
export type ObservationEntry = Manifest["observation"][number];

/** Number of values in a shape. */
export function width(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Number of values in one observation, all keys together. */
export function observationWidth(manifest: Manifest): number {
  return manifest.observation.reduce((sum, key) => sum + width(key.shape), 0);
}

/**
 * [To · O] raw observations in the middle of the normaliser's range: a question every policy can be asked, for warm-up
 * and inspection.
 */
export function middleObservation(manifest: Manifest): Float64Array {
  const { min, max } = joinedRanges(manifest);
  const frame = min.map((low, k) => (low + max[k]) / 2);
  return Float64Array.from(
    { length: manifest.n_obs_steps * frame.length },
    (_, k) => frame[k % frame.length],
  );
}

/** The normaliser's range of one whole observation, keys in the manifest's order. */
export function joinedRanges(manifest: Manifest): { readonly min: number[]; readonly max: number[] } {
  const ranges = manifest.observation.map((key) => manifest.normalizer.observation[key.name]);
  return { min: ranges.flatMap((r) => r.min), max: ranges.flatMap((r) => r.max) };
}

/** For each action, the index into a whole observation [O] of the value that it commands, where that is measured. */
export function measuredIndex(manifest: Pick<Manifest, "observation" | "action">): (number | undefined)[] {
  return manifest.action.map(({ measured }) => {
    const found = measured === undefined ? undefined : measurement(measured);
    if (!found) return undefined;
    const key = manifest.observation.findIndex((o) => o.name === found.observation);
    const before = manifest.observation.slice(0, key);
    return before.reduce((sum, { shape }) => sum + width(shape), found.index);
  });
}

function measurement(text: string): { observation: string; index: number } | undefined {
  const match = MEASURED.exec(text);
  return match ? { observation: match[1], index: Number(match[2]) } : undefined;
}

/** What is wrong with an action's `measured`, if anything. */
function measurementProblem(
  observation: readonly ObservationEntry[],
  { name: command, unit: commanded, measured }: ActionEntry,
): string | undefined {
  const found = measured === undefined ? undefined : measurement(measured);
  if (!found) return undefined;
  const key = observation.find((o) => o.name === found.observation);
  if (!key) {
    const names = observation.map((o) => o.name).join(", ");
    return `names no observation of this policy; it has ${names}`;
  }
  const values = width(key.shape);
  if (found.index >= values) return `"${key.name}" has ${values} values; count them from 0 to ${values - 1}`;
  if (key.unit !== commanded) {
    return `"${key.name}" is in ${key.unit}, but ${command} in ${commanded}; hold an action at a value of its own unit`;
  }
  return undefined;
}

/** Which values of a chunk [H · D], joined step by step, a robot executes: from the first one on, to before the last. */
export function executedValues({ n_obs_steps, n_action_steps, action }: Manifest): readonly [number, number] {
  const past = n_obs_steps - 1;
  return [past * action.length, (past + n_action_steps) * action.length];
}
