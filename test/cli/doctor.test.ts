import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { SOLVER_NAMES } from "../../src/inference/settings.js";
import { finished, MAIN, parapilot } from "./process.js";

describe("parapilot doctor", () => {
  it("says in one JSON object what runs here, what a batch costs and what suits", async () => {
    const { code, stdout } = await parapilot("doctor", "--threads", "1", "--json");
    expect(code).toBe(0);
    const { node, providers, choice, batch_curve } = JSON.parse(stdout);
    expect(node.version).toBe(process.version);
    expect(providers.map(({ name }: { name: string }) => name)).toEqual(["cpu", "webgpu", "cuda"]);
    for (const { usable, reason } of providers) {
      if (usable) expect(reason).toBeNull();
      else expect(reason).toMatch(/^[^\n]{5,}$/);
    }
    expect(providers[0].usable).toBe(true);
    for (const { usable, unmeasured, batch_curve: curve, expected_ms } of providers) {
      if (!usable || unmeasured !== null) expect([curve, expected_ms]).toEqual([null, null]);
      else expect([curve[0].batch, expected_ms > 0]).toEqual([1, true]);
    }
    expect(batch_curve[0].batch).toBe(1);
    expect(batch_curve[batch_curve.length - 1].batch).toBeGreaterThanOrEqual(100);
    for (const { ms } of batch_curve) expect(ms).toBeGreaterThan(0);
    // Which one is fastest here is no business of a test.
    expect(SOLVER_NAMES.filter((name) => name !== "auto")).toContain(choice.solver);
    expect(choice).toMatchObject({ provider: "cpu", runtime: "cpu, 1 thread, spinning" });
    expect(choice.graphs[0]).toMatchObject({ from_rows: 1 });
    expect(choice.explanation).toContain(`${choice.expected_ms.toFixed(choice.expected_ms < 10 ? 1 : 0)} ms`);
  });

  it("prints a table for people, and goes on when the wanted provider is not usable", async () => {
    const args = ["doctor", "policies/pusht", "--provider", "cuda", "--threads", "1"];
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, AMENT_PREFIX_PATH: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    const { code } = await finished({ child, output: () => ({ stdout, stderr: "" }) });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^node +v\d+\.\d+\.\d+, \S+, \d+ cores?$/m);
    expect(stdout).toMatch(/^onnxruntime +\d+\.\d+/m);
    expect(stdout).toMatch(/^cpu +usable/m);
    expect(stdout).toMatch(/^ros 2 +not usable: ROS 2 is not sourced: run `source \S+`/m);
    expect(stdout).toMatch(/^one network call of pusht on (cpu|cuda), .*: \S+\.onnx/m);
    expect(stdout).toMatch(/^1\d\d +\d+\.\d\d +\d+\.\d\d +█{32}$/m);
    expect(stdout).toMatch(/^--provider auto would choose (cpu|webgpu|cuda), about \d/m);
    expect(stdout).toMatch(/^--solver auto would choose \w+.*about \d+/m);
    if (/^cuda +not usable: \S/m.test(stdout)) expect(stdout).toContain("because cuda is not usable");
  });
});
