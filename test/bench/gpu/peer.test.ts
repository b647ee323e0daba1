import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Peer } from "../../../src/bench/gpu/peer.js";
import { PeerRows } from "../../../src/bench/gpu/peer-rows.js";
import { writeRandomBundle } from "../../../src/bench/gpu/random-bundle.js";
import { OnnxNetwork } from "../../../src/inference/onnx.js";
import { loadBundle } from "../../../src/policy/bundle.js";
import { SHIPPED, temporaryFolder } from "../../policy/bundles.js";

const CPU = { provider: "cpu", threads: 1, spin: false } as const;
const silent = () => {};

/** An interpreter that keeps the peer's conversation without PyTorch. */
async function pretender(answers: string): Promise<{ python: string; script: string; compile: boolean }> {
  const script = join(await temporaryFolder(), "peer.mjs");
  const greeting = { torch: "0", device: "none", is_gpu: false, variants: ["quick", "broken"] };
  await writeFile(
    script,
    `import { createInterface } from "node:readline";
     const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\\n");
     say(${JSON.stringify(greeting)});
     const answer = (ask) => { ${answers} };
     for await (const line of createInterface({ input: process.stdin })) say(answer(JSON.parse(line)));`,
  );
  return { python: process.execPath, script, compile: false };
}

describe("the conversation with the peer", () => {
  test("times in turns, and goes on without the variant that fails", async () => {
    const bundle = await loadBundle(SHIPPED);
    const network = await OnnxNetwork.load(bundle, CPU);
    const options = await pretender(
      `if (ask.predict) return { noise: ask.sample.map(() => 0) };
       if (ask.rates) return { copy_gb_per_s: 5 };
       if ((ask.time ?? ask.call) === "broken") return { error: "out of memory" };
       return { ms: ask.call ? ask.rows : ask.steps };`,
    );
    const rows = await PeerRows.start(bundle, network, options);
    for (const turn of [0, 1, 2]) await rows.turn(turn, silent);
    await rows.finish([1, 100], silent);
    const result = rows.result();
    await rows.close();
    await network.close();
    const timing = (p50: number) => ({ p50, p90: p50, n: 3 });
    expect(result.rows).toEqual([
      { variant: "quick", rule: "ddpm", steps: 100, ms: timing(100), failure: null },
      { variant: "quick", rule: "ddim", steps: 10, ms: timing(10), failure: null },
      { variant: "broken", rule: "ddpm", steps: 100, ms: null, failure: "out of memory" },
      { variant: "broken", rule: "ddim", steps: 10, ms: null, failure: "out of memory" },
    ]);
    expect(result.calls).toEqual([
      { variant: "quick", batch: 1, ms: 1 },
      { variant: "quick", batch: 100, ms: 100 },
    ]);
    expect(result.rates).toEqual({ copy_gb_per_s: 5 });
    expect(result.differences?.conv).toBeGreaterThan(0.1);
  });

  test("a peer that dies is named, not waited for", async () => {
    const bundle = await loadBundle(SHIPPED);
    const options = await pretender(`console.error("no driver"); process.exit(3);`);
    const peer = await Peer.start(bundle, options);
    await expect(peer.time("quick", "ddpm", 100)).rejects.toThrow("no driver");
    await expect(peer.time("quick", "ddpm", 100)).rejects.toThrow();
    await peer.close();
  });

  test("an interpreter that is none costs the peer alone", async () => {
    const bundle = await loadBundle(SHIPPED);
    const network = await OnnxNetwork.load(bundle, CPU);
    const options = { python: "/nowhere/python3", script: "peer.py", compile: false };
    const rows = await PeerRows.start(bundle, network, options);
    await rows.turn(0, silent);
    await rows.finish([1], silent);
    expect(rows.result()).toMatchObject({
      greeting: null,
      rows: [],
      failure: expect.stringContaining("ENOENT"),
    });
    await network.close();
  });
});

const PYTHON = process.env.PARAPILOT_TORCH ?? "python3";
const hasTorch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;

test.skipIf(!hasTorch)(
  "PyTorch computes the same network in both layouts (needs PyTorch; PARAPILOT_TORCH names its python3)",
  async () => {
    const { manifest } = await loadBundle(SHIPPED);
    const { directory } = await writeRandomBundle(await temporaryFolder(), manifest, [8, 16, 32]);
    const options = { python: PYTHON, script: "policies/train/peer.py", compile: false };
    for (const folder of [SHIPPED, directory]) {
      const bundle = await loadBundle(folder);
      const network = await OnnxNetwork.load(bundle, CPU);
      const rows = await PeerRows.start(bundle, network, options);
      const { differences, failure } = rows.result();
      await rows.close();
      await network.close();
      expect(failure).toBeNull();
      expect(differences?.conv).toBeLessThan(1e-4);
      expect(differences?.slices).toBeLessThan(1e-4);
    }
  },
);
