import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { TinyNetwork } from "../optimize/tiny-network.js";
import { temporaryFolder } from "../policy/bundles.js";
import { jointText } from "../policy/manifests.js";
import { parapilot } from "./process.js";

const UNET = join("test", "optimize", "unet", "dynamo.onnx");
const RANGE = { min: -1, max: 1, unit: "m" };

/** A policy of the tiny U-Net, or of another network with two actions, 8 steps and 6 observed numbers. */
async function tinyBundle(network?: Uint8Array): Promise<string> {
  const folder = join(await temporaryFolder(), "bundle");
  await mkdir(folder);
  const bytes = network ?? (await readFile(UNET));
  await writeFile(join(folder, "denoiser.onnx"), bytes);
  const text = jointText({
    horizon: 8,
    action: [
      { name: "x", ...RANGE },
      { name: "y", ...RANGE },
    ],
    "normalizer.action": { min: [-1, -1], max: [1, 1] },
    "denoiser.sha256": createHash("sha256").update(bytes).digest("hex"),
  });
  await writeFile(join(folder, "policy.yaml"), `# mine\n${text}`);
  await copyFile("LICENSE", join(folder, "LICENSE"));
  return folder;
}

interface Printed {
  readonly largest_difference: number;
  readonly graphs: readonly { readonly graph: string; readonly from_rows: number | null }[];
  readonly rows: readonly { readonly rows: number; readonly ratio: number }[];
  readonly files: readonly { readonly file: string; readonly sha256: string; readonly from_rows: number }[];
}

it("writes a bundle with what the old one held, the graphs that are worth having, and where each serves", async () => {
  const bundle = await tinyBundle();
  const out = join(bundle, "..", "fast");
  const { code, stdout, stderr } = await parapilot(
    "optimize",
    bundle,
    "--out",
    out,
    "--threads",
    "1",
    "--json",
  );
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  const printed: Printed = JSON.parse(stdout);
  expect(printed.largest_difference).toBeLessThan(1e-5);
  expect(printed.rows.map(({ rows }) => rows)).toEqual(expect.arrayContaining([1, 100]));
  const expected = [...(await readdir(bundle)), ...printed.files.map(({ file }) => file)];
  expect((await readdir(out)).sort()).toEqual(expected.sort());
  const text = await readFile(join(out, "policy.yaml"), "utf8");
  expect(text.startsWith("# mine\n")).toBe(true);
  const before = parse(await readFile(join(bundle, "policy.yaml"), "utf8"));
  const optimized = printed.files.length > 0 ? { optimized: printed.files } : {};
  expect(parse(text).denoiser).toEqual({ ...before.denoiser, ...optimized });
  for (const { file, sha256 } of printed.files) {
    const bytes = await readFile(join(out, file));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
  }
});

it("adds the graphs to the bundle itself when told to", async () => {
  const bundle = await tinyBundle();
  const there = await readdir(bundle);
  const { code, stdout } = await parapilot("optimize", bundle, "--out", bundle, "--threads", "1", "--json");
  expect(code).toBe(0);
  const { files }: Printed = JSON.parse(stdout);
  expect((await readdir(bundle)).sort()).toEqual([...there, ...files.map(({ file }) => file)].sort());
});

it("does not write over files", async () => {
  const bundle = await tinyBundle();
  const out = await temporaryFolder();
  await writeFile(join(out, "notes.txt"), "mine");
  const { code, stderr } = await parapilot("optimize", bundle, "--out", out);
  expect(code).toBe(1);
  expect(stderr).toContain("holds 1 files already: name a new folder");
  expect(await readdir(out)).toEqual(["notes.txt"]);
  const inside = await parapilot("optimize", bundle, "--out", join(bundle, "fast"));
  expect([inside.code, inside.stderr]).toEqual([1, expect.stringContaining("name a folder beside it")]);
});

it("says so when it knows no layer of a network, and writes nothing", async () => {
  const network = new TinyNetwork(1);
  const summed = network.op("CumSum", ["sample", network.index(1)]);
  const bundle = await tinyBundle(network.file(summed, 8, 2));
  const out = join(bundle, "..", "fast");
  const { code, stderr } = await parapilot("optimize", bundle, "--out", out);
  expect(code).toBe(1);
  expect(stderr).toContain("no layer that parapilot knows how to rewrite (1 CumSum)");
  expect(await readdir(join(bundle, ".."))).toEqual(["bundle"]);
});
