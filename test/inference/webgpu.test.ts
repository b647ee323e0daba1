import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { adapterEnvironment, titled } from "./webgpu-device.js";

/** A call takes up to seconds where the CPU plays GPU. */
const PATIENCE_MS = 300_000;

async function ask(what: "networks" | "joint" | "solves" | "choice") {
  const script = fileURLToPath(new URL("./webgpu-answers.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, what], {
    env: adapterEnvironment,
    timeout: PATIENCE_MS,
  });
  return JSON.parse(stdout);
}

const apart = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, k) => Math.abs(value - b[k])));

describe.skipIf(!adapterEnvironment)(titled("the shipped policy on webgpu"), () => {
  it.concurrent(
    "answers as on the cpu, whatever the batch",
    async () => {
      const { cpu, webgpu } = await ask("networks");
      for (const [k, answer] of cpu.entries()) expect(apart(webgpu[k], answer)).toBeLessThan(1e-3);
    },
    PATIENCE_MS,
  );

  it.concurrent(
    "answers rows of several observations as on the cpu",
    async () => {
      const { cpu, webgpu } = await ask("joint");
      expect(apart(webgpu, cpu)).toBeLessThan(1e-3);
    },
    PATIENCE_MS,
  );

  it.concurrent(
    "solves as on the cpu, cold and warm",
    async () => {
      const { cpu, webgpu } = await ask("solves");
      // Of an action range of 512 px, [-1, 1].
      for (const [k, chunk] of cpu.entries()) expect(apart(webgpu[k], chunk) / 256).toBeLessThan(1e-3);
    },
    PATIENCE_MS,
  );

  it.concurrent(
    "is not chosen by auto where the cpu plays GPU, and auto says so",
    async () => {
      const { runtime, note } = await ask("choice");
      expect(runtime).toEqual({ threads: 1, spin: false, provider: "cpu" });
      expect(note).toMatch(/^auto chose cpu, about \d+ ms a solve; /);
      expect(note).toMatch(/webgpu (is too slow: a call of one row alone takes|would take about) \d+ ms/);
    },
    PATIENCE_MS,
  );
});
