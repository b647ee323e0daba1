import { z } from "zod";

const name = z.string().min(1);
const unit = z.string().min(1).describe("px, m, rad, 1 …; never empty, so that nobody guesses");
const positive = z.number().finite().positive();
const count = z.number().int().positive();
const numbers = z.array(z.number().finite()).min(1);
const facts = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .refine((record) => Object.keys(record).length > 0, "must say something");
const range = z.strictObject({ min: numbers, max: numbers });

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
    action: z
      .array(z.strictObject({ name, unit, min: z.number().finite(), max: z.number().finite() }))
      .min(1),
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
      file: name.regex(/^[^/\\]+$/, "a file beside policy.yaml, not a path"),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits"),
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
      if (!(a.min < a.max)) complain(["action", k], `${a.name}: min ${a.min} is not below max ${a.max}`);
    });
  });

export type Manifest = z.infer<typeof manifestSchema>;

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
