import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { meanCalls } from "../../src/policy/solver-statistics.js";
import { changedBundle } from "./bundles.js";

const row = {
  rule: "ddpm",
  steps: 100,
  solver: "semilinear",
  options: { slope: "secant", tolerance: 0.025 },
  start: "warm",
  stride: 8,
  states: 96,
  calls: { 100: 1, 99: 1, 98: 0.9 },
  error_p99: 0.02,
};
const statistics = {
  format: "parapilot-statistics/1",
  denoiser: "a".repeat(64),
  command: "parapilot bench samplers",
  rows: [row],
};

async function bundleWith(text: string): Promise<string> {
  const folder = await changedBundle();
  await writeFile(join(folder, "statistics.json"), text);
  return folder;
}

test("calls are means over solves", () => {
  expect(
    meanCalls([
      [100, 99, 98],
      [100, 99],
    ]),
  ).toEqual({ 98: 0.5, 99: 1, 100: 1 });
  expect(
    meanCalls([
      [20, 20],
      [20, 20, 20, 7],
    ]),
  ).toEqual({ 7: 0.5, 20: 2.5 });
});

test("a bundle has the statistics that lie in it, or none", async () => {
  const folder = await bundleWith(JSON.stringify(statistics));
  expect((await loadBundle(folder)).statistics).toEqual(statistics);
  expect(await loadBundle(await changedBundle())).not.toHaveProperty("statistics");
});

test.each<[string, unknown, RegExp]>([
  ["no format", { ...statistics, format: undefined }, /format/],
  [
    "a batch size that is none",
    { ...statistics, rows: [{ ...row, calls: { many: 1 } }] },
    /rows\.0\.calls\.many/,
  ],
  ["no calls", { ...statistics, rows: [{ ...row, calls: {} }] }, /rows\.0\.calls: must name a batch size/],
  [
    "a warm row without a stride",
    { ...statistics, rows: [{ ...row, stride: undefined }] },
    /rows\.0\.stride: is missing/,
  ],
  ["a negative error", { ...statistics, rows: [{ ...row, error_p99: -1 }] }, /error_p99.*found -1/],
])("refuses statistics with %s, by field and with the remedy", async (_, wrong, words) => {
  const loading = loadBundle(await bundleWith(JSON.stringify(wrong)));
  await expect(loading).rejects.toThrow(words);
  await expect(loading).rejects.toThrow(/statistics\.json.*delete it or measure again/s);
});

test("refuses statistics that are cut short", async () => {
  const loading = loadBundle(await bundleWith(JSON.stringify(statistics).slice(0, 80)));
  await expect(loading).rejects.toThrow(ConfigurationError);
  await expect(loading).rejects.toThrow(/statistics\.json is not JSON/);
});
