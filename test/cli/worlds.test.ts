import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../policy/bundles.js";
import { parapilot } from "./process.js";

describe("parapilot demonstrate", () => {
  it("records an expert's episodes for training", async () => {
    const folder = await temporaryFolder();
    const { code, stdout } = await parapilot(
      ...["demonstrate", "lift", "--episodes", "2", "--seed", "40", "--out", folder, "--json"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      task: "lift",
      seeds: [40, 41],
      success_rate: 1,
      failed_seeds: [],
    });
    const text = gunzipSync(await readFile(join(folder, "demonstrations.csv.gz"))).toString();
    const episodes = new Set(
      text
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.split(",")[0]),
    );
    expect(episodes).toEqual(new Set(["40", "41"]));
  });

  it("says so when a world has no expert", async () => {
    const { code, stderr } = await parapilot("demonstrate", "pusht");
    expect(code).toBe(1);
    expect(stderr).toContain('the world "pusht" has no expert of its own');
  });
});

it.each(["pusht", "lift", "stack"])("parapilot bench sim %s tells steps per second", async (task) => {
  const { code, stdout } = await parapilot("bench", "sim", task, "--steps", "40", "--json");
  expect(code).toBe(0);
  const { steps_per_second: speed } = JSON.parse(stdout);
  expect(speed.min).toBeGreaterThan(0);
  expect(speed.max).toBeGreaterThanOrEqual(speed.min);
});

it("a policy for another world is refused", async () => {
  const { code, stderr } = await parapilot("eval", "lift", "--policy", "policies/pusht");
  expect(code).toBe(1);
  expect(stderr).toMatch(/the policy "pusht" is for the world "pusht", not for "lift"/);
});
