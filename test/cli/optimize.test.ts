import { createHash } from "node:crypto";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { tinyBundle } from "../optimize/tiny-bundle.js";
import { TinyNetwork } from "../optimize/tiny-network.js";
import { temporaryFolder } from "../policy/bundles.js";
import { parapilot } from "./process.js";

interface Printed {
  readonly largest_difference: number;
  readonly graphs: readonly {
    readonly graph: string;
    readonly from_rows: number | null;
    readonly nodes: number;
    readonly largest_difference: number;
    readonly clean_difference: number;
    readonly reason: string | null;
  }[];
  readonly observation?: { readonly file: string; readonly sha256: string };
  readonly rows: readonly { readonly rows: number; readonly ratio: number }[];
  readonly files: readonly { readonly file: string; readonly sha256: string; readonly from_rows: number }[];
}

it("writes a bundle with what the old one held, the graphs that are worth having, and where each serves", async () => {
  const bundle = await tinyBundle();
  await copyFile("LICENSE", join(bundle, "LICENSE"));
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
  const { observation, files } = printed;
  if (!observation) throw new Error("the tiny U-Net has FiLM terms");
  const written = [observation, ...files];
  const expected = [...(await readdir(bundle)), ...written.map(({ file }) => file)];
  expect((await readdir(out)).sort()).toEqual(expected.sort());
  const text = await readFile(join(out, "policy.yaml"), "utf8");
  expect(text.startsWith("# mine\n")).toBe(true);
  const before = parse(await readFile(join(bundle, "policy.yaml"), "utf8"));
  expect(parse(text).denoiser).toEqual({ ...before.denoiser, observation, optimized: files });
  for (const { file, sha256 } of written) {
    const bytes = await readFile(join(out, file));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
  }
  const [small, large, gpu] = printed.graphs;
  expect(files.map(({ file }) => file)).toContain("denoiser.gpu.onnx");
  expect(gpu.nodes).toBeLessThan(Math.min(small.nodes, large.nodes));
});

it("adds the graphs to the bundle itself when told to", async () => {
  const bundle = await tinyBundle();
  const there = await readdir(bundle);
  const { code, stdout } = await parapilot("optimize", bundle, "--out", bundle, "--threads", "1", "--json");
  expect(code).toBe(0);
  const { files, observation }: Printed = JSON.parse(stdout);
  const written = [...files, ...(observation ? [observation] : [])].map(({ file }) => file);
  expect((await readdir(bundle)).sort()).toEqual([...there, ...written].sort());
  expect((await parapilot("inspect", bundle)).stdout).toMatch(/once a tick +denoiser\.observation\.onnx/);
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
