import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toCsv } from "../../sim/demonstration.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { randomBundle } from "../policy/bundles.js";
import { parapilot } from "./process.js";

it("calibrate learns a file that inspect and eval then use", async () => {
  const folder = await randomBundle();
  const inspect = ["inspect", folder, "--threads", "1"];
  expect((await parapilot(...inspect)).stdout).toContain("calibration  none");
  const few = ["--ticks", "3", "--states", "1", "--threads", "1"];
  const { code, stdout } = await parapilot("calibrate", folder, ...few, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    policy: "random-8-16-32",
    ticks: 3,
    states: 1,
    tolerance: expect.any(Number),
    error_p99: expect.any(Number),
  });
  const { stdout: inspected } = await parapilot(...inspect);
  expect(inspected).toMatch(/calibration {2}response at 1 states, guess from 3 ticks, tolerance 0\.0\d+/);
});

describe("calibrate for a world of one's own", () => {
  it("learns from demonstrations", async () => {
    const folder = await randomBundle();
    await ofNoWorld(folder);
    const data = await demonstrations(folder);
    const few = ["--ticks", "3", "--states", "1", "--threads", "1"];
    const { code, stdout } = await parapilot("calibrate", folder, "--demonstrations", data, ...few);
    expect(code).toBe(0);
    expect(stdout).toContain("guess from 3 ticks");
    expect(stdout).toContain("the log of parapilot run says");
    const { stdout: inspected } = await parapilot("inspect", folder, "--threads", "1");
    expect(inspected).toContain("calibration  response at 1 states, guess from 3 ticks");
  });

  it("says so where there are none", async () => {
    const folder = await randomBundle();
    await ofNoWorld(folder);
    const { code, stderr } = await parapilot("calibrate", folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no world "kitchen" to drive, only pusht.*--demonstrations <folder>/);
  });
});

async function ofNoWorld(folder: string): Promise<void> {
  const file = join(folder, "policy.yaml");
  await writeFile(file, (await readFile(file, "utf8")).replace(/^task: .*$/m, "task: kitchen"));
}

/** Observations of one episode that the policy could have seen; the actions say nothing to a calibration. */
async function demonstrations(folder: string): Promise<string> {
  const { manifest } = await loadBundle(folder);
  const steps = Array.from({ length: 30 }, (_, step) => ({
    observation: Object.fromEntries(
      manifest.observation.map(({ name, shape }) => [
        name,
        Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => 100 + 3 * step + k),
      ]),
    ),
    action: manifest.action.map(() => 0),
  }));
  await writeFile(join(folder, "demonstrations.csv.gz"), toCsv([{ seed: 0, isSuccess: true, steps }]));
  return folder;
}
