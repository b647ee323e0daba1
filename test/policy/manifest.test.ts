import { expect, test } from "vitest";
import { parseManifest } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import {
  executedValues,
  joinedRanges,
  measuredIndex,
  middleObservation,
  observationWidth,
  width,
} from "../../src/policy/manifest.js";
import { jointManifest, jointText } from "./manifests.js";

function errorOf(changes: Record<string, unknown>): string {
  try {
    parseManifest(jointText(changes), "joint.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error("the manifest was accepted");
}

const goal = (changes: Record<string, unknown>) => ({
  action: [{ name: "goal", unit: "rad", min: -2, max: 2, ...changes }],
});

const GRAPH = { file: "g.onnx", sha256: "b".repeat(64), from_rows: 1 };
const optimized = (fromRows: readonly number[]) => ({
  "denoiser.optimized": fromRows.map((from_rows) => ({ ...GRAPH, from_rows })),
});

test("optimised graphs may begin at any rows, in ascending order", () => {
  for (const fromRows of [[], [1], [5], [1, 2, 100]]) {
    const { denoiser } = parseManifest(jointText(optimized(fromRows)));
    expect(denoiser.optimized?.map(({ from_rows }) => from_rows)).toEqual(fromRows);
  }
  expect(parseManifest(jointText()).denoiser.optimized).toBeUndefined();
});

test("a sound manifest is read as it stands", () => {
  expect(parseManifest(jointText())).toMatchObject({ name: "joint", horizon: 6, n_obs_steps: 2 });
});

test("graphs for cpu and gpu are in ascending order each, and for the cpu in float32 unless they say otherwise", () => {
  const entries = [
    { ...GRAPH, from_rows: 1 },
    { ...GRAPH, from_rows: 1, for: "gpu", precision: "float16" },
    { ...GRAPH, from_rows: 5 },
  ];
  const observation = { file: "o.onnx", sha256: "c".repeat(64) };
  const { denoiser } = parseManifest(
    jointText({ "denoiser.optimized": entries, "denoiser.observation": observation }),
  );
  expect(denoiser.optimized?.map((graph) => [graph.for, graph.precision, graph.from_rows])).toEqual([
    ["cpu", "float32", 1],
    ["gpu", "float16", 1],
    ["cpu", "float32", 5],
  ]);
  expect(denoiser.observation).toEqual(observation);
});

const MISTAKES: [what: string, changes: Record<string, unknown>, message: string][] = [
  [
    "a normaliser range of the wrong width",
    { "normalizer.observation.target": { min: [0], max: [1, 2] } },
    "normalizer.observation.target.min: has 1 values where 2 are needed",
  ],
  [
    "an action range of the wrong width",
    { "normalizer.action": { min: [-2, -2], max: [2, 2] } },
    "normalizer.action.max: has 2 values where 1 are needed",
  ],
  [
    "a normaliser range without extent",
    { "normalizer.observation.target": { min: [0, 2], max: [1, 2] } },
    "normalizer.observation.target: entry 1: min 2 is not below max 2",
  ],
  [
    "action limits the wrong way round",
    { action: [{ name: "goal", unit: "rad", min: 2, max: -2 }] },
    "action.0: goal: min 2 is not below max -2",
  ],
  [
    "more executed steps than the horizon holds",
    { n_action_steps: 6 },
    "n_action_steps: 6 executed steps after 1 past ones do not fit a horizon of 6 (found 6)",
  ],
  [
    "an observation without a range",
    { "normalizer.observation.target": undefined },
    'normalizer.observation: has no range for observation "target"',
  ],
  [
    "a range for no observation",
    { "normalizer.observation.speed": { min: [0], max: [1] } },
    "normalizer.observation.speed: names no observation of this policy",
  ],
  [
    "two observations of one name",
    {
      observation: [
        { name: "position", shape: [1], unit: "rad" },
        { name: "position", shape: [1], unit: "rad" },
      ],
      "normalizer.observation.target": undefined,
    },
    'observation: names "position" twice',
  ],
  ["an unknown key", { speed: 3 }, '"speed"'],
  ["an unknown key inside", { "diffusion.steps": 3 }, 'diffusion: Unrecognized key: "steps"'],
  ["a missing key", { rate_hz: undefined }, "rate_hz: "],
  ["an empty unit", { observation: [{ name: "position", shape: [1], unit: "" }] }, "observation.0.unit: "],
  ["another format", { format: "parapilot/2" }, '(found "parapilot/2")'],
  ["half a level", { "diffusion.levels": 9.5 }, "diffusion.levels: "],
  [
    "a checksum that is none",
    { "denoiser.sha256": "abc" },
    "denoiser.sha256: 64 lower-case hexadecimal digits",
  ],
  [
    "optimised graphs in another order",
    optimized([8, 8]),
    "denoiser.optimized.1.from_rows: must be above 8, that of the graph for the cpu before it (found 8)",
  ],
  [
    "an optimised graph for something else",
    { "denoiser.optimized": [{ ...GRAPH, for: "tpu" }] },
    'denoiser.optimized.0.for: must be "cpu" or "gpu" (found "tpu")',
  ],
  [
    "an observation graph that serves none",
    { "denoiser.observation": { file: "o.onnx", sha256: "c".repeat(64) } },
    "denoiser.observation: serves optimised graphs, and there are none",
  ],
  ["an optimised graph from no row on", optimized([0]), "denoiser.optimized.0.from_rows: "],
  [
    "an optimised graph elsewhere",
    { "denoiser.optimized": [{ ...GRAPH, file: "../g.onnx" }] },
    "denoiser.optimized.0.file: a file beside policy.yaml, not a path",
  ],
  [
    "an optimised graph without a checksum",
    { "denoiser.optimized": [{ ...GRAPH, sha256: undefined }] },
    "denoiser.optimized.0.sha256: ",
  ],
  [
    "an infinite limit",
    { action: [{ name: "goal", unit: "rad", min: -2, max: Number.POSITIVE_INFINITY }] },
    "action.0.max: ",
  ],
  ["a rate of nothing", goal({ max_rate: 0 }), "action.0.max_rate: "],
  ["a negative acceleration", goal({ max_acceleration: -1 }), "action.0.max_acceleration: "],
  [
    "another word for standing still",
    goal({ at_rest: "zero" }),
    'action.0.at_rest: must be "keep" or a number (found "zero")',
  ],
  [
    "standing still outside the limits",
    goal({ at_rest: 3 }),
    "action.0.at_rest: must lie within the limits -2 and 2 of goal (found 3)",
  ],
  [
    "a measurement without an index",
    goal({ measured: "position" }),
    "action.0.measured: must be an observation and an index into its values",
  ],
  [
    "a measurement that is not observed",
    goal({ measured: "speed[0]" }),
    'action.0.measured: names no observation of this policy; it has position, target (found "speed[0]")',
  ],
  [
    "a measurement past the end",
    goal({ measured: "position[1]" }),
    'action.0.measured: "position" has 1 values; count them from 0 to 0',
  ],
  [
    "a measurement in another unit",
    goal({ measured: "target[0]" }),
    'action.0.measured: "target" is in m, but goal in rad',
  ],
  [
    "limits between two neighbouring float32",
    goal({ min: 0.1, max: 0.1 + 1e-12 }),
    "action.0: goal: no float32 lies between 0.1 and 0.100000000001",
  ],
];

test.each(MISTAKES)("refuses %s, naming the field", (_what, changes, message) => {
  const error = errorOf(changes);
  expect(error).toContain("joint.yaml: ");
  expect(error).toContain(message);
});

test("names every mistake at once", () => {
  const error = errorOf({ rate_hz: -1, horizon: "long" });
  expect(error).toContain("rate_hz: ");
  expect(error).toContain('(found "long")');
});

test("exactly as many executed steps as the horizon holds are fine", () => {
  expect(jointManifest({ n_action_steps: 5 }).n_action_steps).toBe(5);
});

test("an observation is as wide as all its keys together", () => {
  expect(observationWidth(jointManifest())).toBe(3);
  expect(width([9, 2])).toBe(18);
});

test("ranges are joined in the manifest's order of keys, not the normaliser's", () => {
  const manifest = jointManifest({
    "normalizer.observation": { target: { min: [0, 0], max: [1, 2] }, position: { min: [-4], max: [4] } },
  });
  expect(joinedRanges(manifest)).toEqual({ min: [-4, 0, 0], max: [4, 1, 2] });
});

test("the middle observation is the middle of every range, at every step", () => {
  expect(Array.from(middleObservation(jointManifest()))).toEqual([0, 0.5, 1, 0, 0.5, 1]);
});

test("a robot executes from the newest observation's step on", () => {
  const manifest = jointManifest();
  expect(executedValues(manifest)).toEqual([1, 4]);
  const [joint] = manifest.action;
  expect(executedValues({ ...manifest, action: [joint, joint] })).toEqual([2, 8]);
});

test("an action may state its limits, what standing still is, and what measures it", () => {
  const stated = { max_rate: 3, max_acceleration: 9, at_rest: 0, measured: "position[0]" };
  expect(jointManifest(goal(stated)).action[0]).toMatchObject(stated);
  expect(jointManifest(goal({ at_rest: "keep" })).action[0].at_rest).toBe("keep");
});

test("a measurement is found in the whole observation", () => {
  expect(measuredIndex(jointManifest())).toEqual([undefined]);
  expect(measuredIndex(jointManifest(goal({ measured: "position[0]" })))).toEqual([0]);
  expect(measuredIndex(jointManifest(goal({ unit: "m", measured: "target[1]" })))).toEqual([2]);
});
