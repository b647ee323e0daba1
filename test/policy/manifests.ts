import { parse, stringify } from "yaml";
import { type Manifest, manifestSchema } from "../../src/policy/manifest.js";

/** A small policy that moves one joint: 20 levels, 6 steps ahead, in plain YAML. */
export const JOINT = `
format: parapilot/1
name: joint
task: test
rate_hz: 10
n_obs_steps: 2
horizon: 6
n_action_steps: 3
observation:
  - { name: position, shape: [1], unit: rad }
  - { name: target, shape: [1, 2], unit: m }
action:
  - { name: goal, unit: rad, min: -2, max: 2 }
diffusion: { levels: 20, schedule: squaredcos_cap_v2, prediction: epsilon, clip: 1 }
normalizer:
  kind: limits
  observation:
    position: { min: [-4], max: [4] }
    target: { min: [0, 0], max: [1, 2] }
  action: { min: [-2], max: [2] }
denoiser: { file: denoiser.onnx, sha256: ${"a".repeat(64)} }
training: { steps: 1 }
score: { mean: 0 }
`;

/** The text of {@link JOINT} with fields changed, by their path; undefined removes one. */
export function jointText(changes: Readonly<Record<string, unknown>> = {}): string {
  const document: Record<string, unknown> = parse(JOINT);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const parent = keys.reduce((at, key) => at[key] as Record<string, unknown>, document);
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return stringify(document);
}

/** The manifest of {@link jointText}. */
export function jointManifest(changes: Readonly<Record<string, unknown>> = {}): Manifest {
  return manifestSchema.parse(parse(jointText(changes)));
}
