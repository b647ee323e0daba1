import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DemonstratedStep, toCsv } from "../../sim/demonstration.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { hasModules, PYTHON, runScript } from "../clients/python.js";

const TRAIN = resolve("policies/train");
const POLICY = resolve("policies/lift");
const hasTraining = hasModules("numpy", "yaml");
if (!hasTraining) {
  console.warn(`skipped: what reads demonstrations needs numpy and pyyaml for ${PYTHON}`);
}

/** Prints the windows of a folder's demonstrations. */
const READER = `
import json, sys
from pathlib import Path
sys.path.insert(0, ${JSON.stringify(TRAIN)})
from demonstrations import training_windows
from policy import read_policy
seen, chunks = training_windows(read_policy(Path(sys.argv[1])), Path(sys.argv[2]))
json.dump([seen.tolist(), chunks.tolist()], sys.stdout)
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parapilot-demonstrations-"));
  await writeFile(join(folder, "read.py"), READER);
});
afterEach(() => rm(folder, { recursive: true }));

async function read(csv: Buffer) {
  await writeFile(join(folder, "demonstrations.csv.gz"), csv);
  return runScript(join(folder, "read.py"), [POLICY, folder]);
}

/** An episode of so many steps within the policy's ranges, no two values of which are the same. */
async function recorded(lengths: readonly number[]) {
  const { manifest } = await loadBundle(POLICY);
  const { observation, action, normalizer } = manifest;
  const between = ({ min, max }: { min: number[]; max: number[] }, share: (k: number) => number) =>
    min.map((low, k) => low + (max[k] - low) * share(k));
  const demonstrations = lengths.map((length, episode) => ({
    seed: 7 + episode,
    isSuccess: true,
    steps: Array.from({ length }, (_, step): DemonstratedStep => {
      const share = (k: number) => ((37 * step + 11 * k + 5 * episode) % 101) / 101;
      return {
        observation: Object.fromEntries(
          observation.map(({ name }, n) => [
            name,
            between(normalizer.observation[name], (k) => share(k + 9 * n)),
          ]),
        ),
        action: between(normalizer.action, (k) => share(k + 60)),
      };
    }),
  }));
  return { manifest, action, demonstrations, csv: toCsv(demonstrations) };
}

describe.skipIf(!hasTraining)("what is recorded is trained on", () => {
  test("with two observations, oldest first, and the chunk that begins with the older one", async () => {
    const { manifest, demonstrations, csv } = await recorded([20, 16]);
    const { code, stdout, stderr } = await read(csv);
    expect([code, stderr]).toEqual([0, ""]);
    const [seen, chunks] = JSON.parse(stdout) as [number[][], number[][][]];
    const { horizon, normalizer } = manifest;
    const scaled = (values: readonly number[], { min, max }: { min: number[]; max: number[] }) =>
      values.map((value, k) => (2 * (value - min[k])) / (max[k] - min[k]) - 1);
    let window = 0;
    for (const { steps } of demonstrations) {
      const at = (step: number) => steps[Math.min(Math.max(step, 0), steps.length - 1)];
      const sight = (step: number) =>
        manifest.observation.flatMap(({ name }) =>
          scaled(Array.from(at(step).observation[name]), normalizer.observation[name]),
        );
      // Past the end there are as many repeated actions as are executed but one.
      const windows = steps.length - horizon + (manifest.n_obs_steps - 1) + manifest.n_action_steps;
      for (let newest = 0; newest < windows; newest++, window++) {
        const wanted = [...sight(newest - 1), ...sight(newest)];
        for (const [k, value] of seen[window].entries()) expect(value).toBeCloseTo(wanted[k], 5);
        for (const [row, values] of chunks[window].entries()) {
          const action = scaled(at(newest - 1 + row).action, normalizer.action);
          for (const [k, value] of values.entries()) expect(value).toBeCloseTo(action[k], 5);
        }
      }
    }
    expect(seen).toHaveLength(window);
    expect(chunks).toHaveLength(window);
  });

  const spoilt: [string, (line: string, k: number) => string, RegExp][] = [
    ["a column is missing", (line) => line.replace("cube_quat[2]", "cube_quat"), /no column cube_quat\[2\]/],
    [
      "a value is no number",
      (line, k) => (k === 3 ? line.replace(/[^,]*$/, "nan") : line),
      /action\[9\] in line 4 is nan/,
    ],
    ["a step is missing", (line, k) => (k === 5 ? "" : line), /steps of an episode must follow .* line 6/],
    [
      "an action is out of range",
      (line, k) => (k === 2 ? line.replace(/[^,]*$/, "1.5") : line),
      /action 9 reaches 1\.500/,
    ],
  ];
  test.each(spoilt)("and refused where %s", async (_, spoil, message) => {
    const { csv } = await recorded([18]);
    const lines = gunzipSync(csv).toString().trim().split("\n").map(spoil).filter(Boolean);
    const { code, stderr } = await read(gzipSync(`${lines.join("\n")}\n`));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});
