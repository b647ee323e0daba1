import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { resolveBudgets } from "../../src/control/budgets.js";
import { resolvePlanSettings } from "../../src/control/plan-settings.js";
import { loadLaunch } from "../../src/launch/launch.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { temporaryFolder } from "../policy/bundles.js";

async function launchFile(text: string): Promise<string> {
  const file = join(await temporaryFolder(), "run.yaml");
  await writeFile(file, text);
  return file;
}

async function refusal(file: string): Promise<string> {
  const error: unknown = await loadLaunch(file).then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as Error).message;
}

test("the shipped launch file runs the shipped policy within a budget", async () => {
  const launch = await loadLaunch("launch/pusht.yaml");
  expect(launch.policy).toBe(resolve("policies/pusht"));
  expect(await readFile(join(launch.policy, "policy.yaml"), "utf8")).toContain("name: pusht");
  expect(launch.budgets.solve).toBeGreaterThan(0);
  const { manifest } = await loadBundle(launch.policy);
  expect(resolveBudgets(launch.budgets, manifest, resolvePlanSettings(launch.plan, manifest)).tick).toBe(100);
});

test("everything but the policy has a default", async () => {
  const file = await launchFile("policy: here");
  expect(await loadLaunch(file)).toMatchObject({
    policy: resolve(file, "..", "here"),
    endpoint: "tcp://127.0.0.1:5571",
    solver: { name: "semilinear" },
    runtime: { provider: "cpu" },
    budgets: {},
  });
});

test("a budget is read with its unit", async () => {
  const file = await launchFile('policy: here\nbudgets: { solve: "0.1 s" }');
  expect((await loadLaunch(file)).budgets.solve).toBe(100);
});

test("a missing file is named, with an example to follow", async () => {
  const message = await refusal("launch/nowhere.yaml");
  expect(message).toBe(
    "cannot read the launch file launch/nowhere.yaml (ENOENT); launch/pusht.yaml is an example",
  );
});

test("text that is not YAML is refused as such", async () => {
  const file = await launchFile("policy: [unclosed");
  expect(await refusal(file)).toContain(`${file} is not YAML: `);
});

test.each([
  ["", "the document: "],
  ["policy: here\nspeed: 3", '"speed"'],
  ["policy: here\nsolver: { sweeps: 3 }", "sweeps"],
  ["policy: here\nsolver: { name: magic }", '(found "magic")'],
  ["policy: here\nruntime: { provider: npu }", '(found "npu")'],
  [
    "policy: here\nbudgets: { solve: 40 }",
    'budgets.solve: a duration with its unit, for example "40 ms" (found 40)',
  ],
  ["policy: here\nbudgets: { solve: 40 m }", '(found "40 m")'],
  ["endpoint: tcp://127.0.0.1:1", "policy: "],
])("%j is refused by field", async (text, message) => {
  const file = await launchFile(text);
  const error = await refusal(file);
  expect(error).toContain(`${file}: `);
  expect(error).toContain(message);
});
