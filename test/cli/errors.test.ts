import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parapilot } from "./process.js";

describe("what a person sees when something cannot work", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parapilot-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** A copy of the shipped bundle, spoiled. */
  async function bundle(name: string, spoil: (directory: string) => Promise<void>): Promise<string> {
    const directory = join(folder, name);
    await cp("policies/pusht", directory, { recursive: true });
    await spoil(directory);
    return directory;
  }

  async function replace(directory: string, from: string | RegExp, to: string): Promise<void> {
    const file = join(directory, "policy.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(from, to));
  }

  async function restateChecksum(directory: string): Promise<void> {
    const bytes = await readFile(join(directory, "denoiser.onnx"));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await replace(directory, /sha256: .*/, `sha256: "${sha256}"`);
  }

  async function refused(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await parapilot(...args);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).not.toContain("    at ");
    return stderr;
  }

  it("names the checksums of a truncated network", async () => {
    const directory = await bundle("truncated", (d) => truncate(join(d, "denoiser.onnx"), 100_000));
    expect(await refused("inspect", directory)).toMatch(/100000 bytes.*sha256.*truncated/s);
  });

  it("says that a file with the right checksum is no network", async () => {
    const directory = await bundle("garbage", async (d) => {
      await writeFile(join(d, "denoiser.onnx"), "not a network");
      await restateChecksum(d);
    });
    expect(await refused("inspect", directory)).toContain("cannot load denoiser.onnx");
  });

  it("says that half a network with the right checksum is no network", async () => {
    const directory = await bundle("half", async (d) => {
      await truncate(join(d, "denoiser.onnx"), 9_000_000);
      await restateChecksum(d);
    });
    expect(await refused("inspect", directory)).toContain("cannot load denoiser.onnx");
  });

  it("shows both signatures when the manifest has a wrong width", async () => {
    const directory = await bundle("width", (d) => replace(d, "horizon: 16", "horizon: 24"));
    expect(await refused("inspect", directory)).toMatch(/\[batch, 16, 2\].*\[batch, 24, 2\]/s);
  });

  it("names the field and the widths when the normaliser does not fit", async () => {
    const directory = await bundle("normaliser", (d) => replace(d, "shape: [9, 2]", "shape: [8, 2]"));
    expect(await refused("inspect", directory)).toMatch(/keypoints\.min: has 18 values where 16 are needed/);
  });

  it.each([
    ["a folder that is no bundle", ["inspect", "src"], /not a policy bundle/],
    [
      "a missing launch file",
      ["run", "launch/nothing.yaml"],
      /cannot read the launch file launch\/nothing\.yaml/,
    ],
    ["a world that does not exist", ["eval", "moon"], /no world "moon", only pusht/],
    ["an option out of range", ["eval", "pusht", "--coupling", "2"], /coupling.*found 2/s],
    ["an unknown option", ["eval", "pusht", "--fast"], /unknown option '--fast'/],
    ["an unknown benchmark", ["bench", "sampler"], /unknown command 'sampler'.*mean samplers/s],
    ["an unknown solver", ["eval", "pusht", "--solver", "magic"], /semilinear, picard, .*sequential/],
    ["a remote endpoint", ["run", "launch/pusht.yaml", "--endpoint", "tcp://0.0.0.0:5599"], /0\.0\.0\.0/],
  ])("%s ends with a plain error", async (_, args, text) => {
    expect(await refused(...args)).toMatch(text);
  });

  it("teaches with --help", async () => {
    const { code, stdout } = await parapilot("--help");
    expect(code).toBe(0);
    for (const command of ["demo", "run", "sim", "eval", "bench", "inspect", "doctor"])
      expect(stdout).toContain(command);
  });
});
