import { execFile } from "node:child_process";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function setup(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } };
    const child = execFile(
      process.execPath,
      ["scripts/setup-cuda.mjs", ...args],
      options,
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** A folder with an nvidia-smi that answers as that of a driver which supports CUDA up to this. */
async function driver(version: string, cuda: string): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), "parapilot-driver-"));
  const script = `#!/bin/sh\ncase "$1" in\n--query*) echo "NVIDIA Orinoco, ${version}, 8.7";;\n*) echo "| CUDA Version: ${cuda} |";;\nesac\n`;
  await writeFile(join(folder, "nvidia-smi"), script);
  await chmod(join(folder, "nvidia-smi"), 0o755);
  return { PATH: `${folder}:${process.env.PATH}` };
}

interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly remedy: string | null;
}

const isSupported = process.platform === "linux" && process.arch === "x64";

describe.skipIf(!isSupported)("npm run setup:cuda -- --check", () => {
  it("says of each thing that is needed whether it is there, and what brings it", async () => {
    const { code, stdout } = await setup(["--check", "--json"]);
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
    expect(code).toBe(checks.every(({ ok }) => ok) ? 0 : 1);
    const names = checks.map(({ what }) => what);
    expect(names).toEqual(
      expect.arrayContaining(["libcuda.so.1", "libcudnn.so.9", "onnxruntime's cuda provider"]),
    );
    for (const { ok, remedy } of checks) expect(remedy === null).toBe(ok);
  });

  it("takes the CUDA that the driver can run", async () => {
    const older = JSON.parse((await setup(["--check", "--json"], await driver("550.54", "12.4"))).stdout);
    expect(older.cuda).toBe(12);
    expect(older.checks.map(({ what }: Check) => what)).toContain("libcublas.so.12");
    expect(older.checks).toContainEqual({
      what: "NVIDIA's driver and a GPU",
      ok: true,
      found: "NVIDIA Orinoco, driver 550.54",
      remedy: null,
    });
    const newer = JSON.parse((await setup(["--check", "--json"], await driver("590.10", "13.1"))).stdout);
    expect(newer.cuda).toBe(13);
  });

  it("refuses a CUDA that the driver is too old for, with the driver that is needed", async () => {
    const { code, stdout } = await setup(["--check", "--cuda", "13"], await driver("550.54", "12.4"));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /MISSING {2}a driver for CUDA 13: up to CUDA 12\.4\n +update NVIDIA's driver to 580/,
    );
  });

  it("refuses a CUDA that it does not know", async () => {
    const { code, stderr } = await setup(["--cuda", "11"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--cuda 11: give 12 or 13");
  });
});
