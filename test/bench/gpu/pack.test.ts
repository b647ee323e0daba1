import { spawnSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { writeRandomBundle } from "../../../src/bench/gpu/random-bundle.js";
import { loadBundle } from "../../../src/policy/bundle.js";
import { SHIPPED, temporaryFolder } from "../../policy/bundles.js";

type Split = (
  file: string,
  out: string,
  partBytes: number,
) => { readonly name: string; readonly bytes: number }[];
type KeepArchitecture = (library: Buffer, architecture: number) => number;

const script = (name: string) => pathToFileURL(join("scripts", "gpu", name)).href;
const { split } = (await import(script("parts.mjs"))) as { split: Split };
const { keepArchitecture } = (await import(script("trim.mjs"))) as { keepArchitecture: KeepArchitecture };

const hasTools = ["bash", "tar", "xz", "sha256sum", "timeout"].every(
  (tool) => spawnSync(tool, ["--version"]).status === 0,
);

/** In an environment that holds nothing but the usual places of programs. */
function run(folder: string, ...args: readonly string[]) {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", PEER: "none", STAGE_CUDA: "300", STAGE_WEBGPU: "0" };
  const { status, stdout, stderr } = spawnSync("bash", [join(folder, "run.sh"), ...args], {
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe.skipIf(!hasTools)("parts for a machine without network (needs bash, tar, xz, coreutils)", () => {
  let packed: string;
  let target: string;
  let parts: readonly { readonly name: string; readonly bytes: number }[];

  beforeEach(async () => {
    const work = await temporaryFolder();
    [packed, target] = [join(work, "packed"), join(work, "target")];
    await mkdir(packed);
    await mkdir(join(work, "parapilot/bin"), { recursive: true });
    // Instead of Node.js: says what it was asked, and fails on cuda.
    const node = '#!/bin/sh\necho "asked: $*"\ncase "$*" in *cuda*) echo "no GPU"; exit 1;; esac\n';
    await writeFile(join(work, "parapilot/bin/node"), node, { mode: 0o755 });
    const noise = Buffer.from(Array.from({ length: 9000 }, (_, k) => (k * k * 31 + k * 7) % 251));
    await writeFile(join(work, "parapilot/noise"), noise);
    const archive = join(work, "parapilot.tar.xz");
    expect(spawnSync("tar", ["-C", work, "-cJf", archive, "parapilot"]).status).toBe(0);
    parts = split(archive, packed, 150);
    await copyFile(join("scripts", "gpu", "run.sh"), join(packed, "run.sh"));
  });

  test("none is larger than asked, and each can be checked alone", async () => {
    expect(parts.length).toBeGreaterThan(2);
    for (const { bytes } of parts) expect(bytes).toBeLessThanOrEqual(150);
    const check = spawnSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: packed });
    expect(check.status).toBe(0);
  });

  test("arrive one after another, and are run once all are there", async () => {
    for (const [k, { name }] of parts.entries()) {
      const carried = join(packed, `carried-${k}`);
      await mkdir(carried);
      for (const file of [name, "run.sh", "SHA256SUMS"])
        await copyFile(join(packed, file), join(carried, file));
      const { status, stdout } = run(carried, "receive", target);
      expect(status).toBe(0);
      const isLast = k === parts.length - 1;
      expect(stdout).toMatch(isLast ? /all parts are in/ : new RegExp(`still lacks: .*${parts[k + 1].name}`));
      if (isLast) break;
      const early = run(target, "measure", target);
      expect(early.status).toBe(1);
      expect(early.stderr).toContain(parts[k + 1].name);
    }
    const { status, stdout } = run(target, "measure", target);
    expect(status).toBe(0);
    // The stage that fails says so, and the end is reached all the same.
    expect(stdout).toMatch(/cuda: FAILED with code 1/);
    expect(stdout).toContain("nothing was measured");
    expect(await readFile(join(target, "results/cuda.log"), "utf8")).toMatch(/asked: .*--provider cuda/);
    expect(await readdir(join(target, "parapilot"))).toContain("noise");
  });

  test("a damaged one is named", async () => {
    const { name } = parts[1];
    const bytes = await readFile(join(packed, name));
    bytes[0] ^= 1;
    await writeFile(join(packed, name), bytes);
    expect(run(packed, "measure", packed).stderr).toContain(`missing or damaged in ${packed}: ${name}`);
    await rm(join(packed, name));
    expect(run(packed, "receive", target).stdout).toContain(`still lacks: ${name}`);
  });
});

test("a policy is written once for each of its graphs on a GPU", async () => {
  const folder = await temporaryFolder();
  const { manifest } = await loadBundle(SHIPPED);
  const { directory } = await writeRandomBundle(join(folder, "random"), manifest, [8, 16, 32]);
  const script = join("scripts", "gpu", "graphs.mjs");
  const written = spawnSync(process.execPath, [script, directory, join(folder, "graphs")]);
  expect(written.stderr.toString()).toBe("");
  const graphs = new Map<string, readonly string[]>();
  for (const name of await readdir(join(folder, "graphs"))) {
    const { optimized } = await loadBundle(join(folder, "graphs", name));
    graphs.set(
      name,
      optimized.map(({ fromRows, for: target, precision }) => `${fromRows} ${target} ${precision}`),
    );
  }
  expect(Object.fromEntries(graphs)).toEqual({
    original: [],
    gpu: ["1 gpu float32"],
    "gpu-half": ["1 gpu float16"],
  });
});

describe("leaving other architectures' code out", () => {
  /** An ELF file with one section of fat binaries, and what lies around them. */
  function library(regions: readonly (readonly number[])[]): { file: Buffer; at: Map<string, number> } {
    const at = new Map<string, number>();
    const body: Buffer[] = [];
    let length = 64;
    const put = (bytes: Buffer) => {
      body.push(bytes);
      length += bytes.length;
    };
    for (const [region, architectures] of regions.entries()) {
      const header = Buffer.alloc(16);
      header.writeUInt32LE(0xba55ed50, 0);
      header.writeUInt16LE(16, 6);
      header.writeBigUInt64LE(BigInt(architectures.length * (64 + 8)), 8);
      put(header);
      for (const architecture of architectures) {
        const entry = Buffer.alloc(64);
        entry.writeUInt32LE(64, 4);
        entry.writeBigUInt64LE(8n, 8);
        entry.writeUInt32LE(architecture, 28);
        put(entry);
        at.set(`${region}/${architecture}`, length);
        put(Buffer.alloc(8, architecture));
      }
      // Regions are padded to eight bytes and more.
      put(Buffer.alloc(8));
    }
    const names = Buffer.from("\0.nv_fatbin\0");
    const elf = Buffer.alloc(64);
    elf.writeUInt32BE(0x7f454c46);
    elf[4] = 2;
    elf.writeBigUInt64LE(BigInt(length + names.length), 40);
    for (const [offset, value] of [
      [58, 64],
      [60, 2],
      [62, 1],
    ])
      elf.writeUInt16LE(value, offset);
    const sections = [
      [1, 64, length - 64],
      [0, length, names.length],
    ].map(([name, offset, size]) => {
      const section = Buffer.alloc(64);
      section.writeUInt32LE(name);
      section.writeBigUInt64LE(BigInt(offset), 24);
      section.writeBigUInt64LE(BigInt(size), 32);
      return section;
    });
    return { file: Buffer.concat([elf, ...body, names, ...sections]), at };
  }

  test("blanks them in place, and nothing else", () => {
    const { file, at } = library([
      [75, 90, 120],
      [75, 80],
      [90, 90],
    ]);
    const before = Buffer.from(file);
    expect(keepArchitecture(file, 90)).toBe(16);
    const wiped = ["0/75", "0/120"].map((entry) => at.get(entry) ?? 0);
    for (const from of wiped) before.fill(0, from, from + 8);
    expect(file.equals(before)).toBe(true);
  });

  test("refuses what is no library with CUDA code", () => {
    expect(() => keepArchitecture(Buffer.alloc(100), 90)).toThrow("no 64-bit ELF file");
  });
});
