import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { withOptimized } from "../../src/optimize/optimized-manifest.js";
import { SHIPPED } from "../policy/bundles.js";
import { JOINT } from "../policy/manifests.js";

const FILES = [
  {
    file: "denoiser.small.onnx",
    sha256: "b".repeat(64),
    from_rows: 1,
    for: "cpu" as const,
    precision: "float32" as const,
  },
  {
    file: "denoiser.gpu.onnx",
    sha256: "c".repeat(64),
    from_rows: 1,
    for: "gpu" as const,
    precision: "float16" as const,
  },
];
const ENTRIES = { files: FILES, observation: { file: "denoiser.observation.onnx", sha256: "d".repeat(64) } };

it.each([
  [
    "in blocks",
    async () => withOptimized(await readFile(join(SHIPPED, "policy.yaml"), "utf8"), { files: [] }),
  ],
  ["in one line", async () => JOINT],
  ["with comments", async () => "a: 1 # one\ndenoiser:\n    file: x.onnx # the network\n# end\nb: 2\n"],
  ["at the end, without a line break", async () => "denoiser:\n  file: x.onnx"],
])("adds the graphs to a manifest written %s, and changes nothing else", async (_, read) => {
  const text = await read();
  const edited = withOptimized(text, ENTRIES);
  const before = parse(text);
  const { files, observation } = ENTRIES;
  expect(parse(edited)).toEqual({
    ...before,
    denoiser: { ...before.denoiser, observation, optimized: files },
  });
  // What was there is still there, in its order: the new text is one piece between two old ones.
  let same = 0;
  while (same < text.length && edited[same] === text[same]) same++;
  expect(edited.endsWith(text.slice(same))).toBe(true);
});

it.each([
  ["in blocks", "denoiser:\n  file: x.onnx\n  sha256: d\n\nscore: 1\n"],
  ["in one line", "denoiser: { file: x.onnx, sha256: d }\nscore: 1\n"],
])("replaces the graphs of an earlier run, %s", (_, text) => {
  const once = withOptimized(text, ENTRIES);
  expect(withOptimized(once, ENTRIES)).toBe(once);
  const fewer = withOptimized(once, { files: FILES.slice(1) });
  expect(parse(fewer)).toEqual({
    ...parse(text),
    denoiser: { ...parse(text).denoiser, optimized: FILES.slice(1) },
  });
  expect(withOptimized(fewer, ENTRIES)).not.toBe(fewer);
});

it.each([
  ["in blocks", "denoiser:\n  file: x.onnx\n  sha256: d\n\nscore: 1\n"],
  ["in one line", "denoiser: { file: x.onnx, sha256: d }\nscore: 1\n"],
  ["with comments", "denoiser:\n    file: x.onnx # the network\n# end\nb: 2\n"],
])("takes them out again when there are none, %s", (_, text) => {
  expect(withOptimized(withOptimized(text, ENTRIES), { files: [] })).toBe(text);
  expect(withOptimized(text, { files: [] })).toBe(text);
});
