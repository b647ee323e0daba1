import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Seen } from "../../sim/seen.js";
import { openWorld } from "../../src/cli/worlds.js";
import { loadLaunch } from "../../src/launch/launch.js";
import { loadBundle } from "../../src/policy/bundle.js";
import type { Manifest } from "../../src/policy/manifest.js";
import { type Running, says, start } from "../cli/process.js";
import { ended, hasModules, PYTHON, runScript } from "./python.js";

const EXAMPLE = resolve("examples/around");
const hasClient = hasModules("zmq", "msgpack", "numpy");
if (!hasClient) {
  console.warn(`skipped: the example of one's own world needs pyzmq, msgpack and numpy for ${PYTHON}`);
}

const SEEDS = [0, 7, 100_000];
const STEPS = 30;
const allOf = ({ position, goal }: Seen) => [...Array.from(position), ...Array.from(goal)];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parapilot-around-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function exampleManifest(): Promise<Manifest> {
  const { policy } = await loadLaunch(join(EXAMPLE, "launch.yaml"));
  return (await loadBundle(policy)).manifest;
}

describe("the example of one's own world", () => {
  it.skipIf(!hasClient)("writes demonstrations that its policy's ranges hold", async () => {
    const { code, stdout } = await runScript(join(EXAMPLE, "demonstrate.py"), [
      "--out",
      folder,
      "--episodes",
      "20",
    ]);
    expect([code, stdout]).toEqual([0, "20 episodes, 20 of them at the goal\n"]);
    const [head, ...rows] = gunzipSync(await readFile(join(folder, "demonstrations.csv.gz")))
      .toString()
      .trim()
      .split("\r\n")
      .map((line) => line.split(","));
    const { observation, action, normalizer } = await exampleManifest();
    const ranges = [
      ...observation.map(({ name }) => [name, normalizer.observation[name]] as const),
      ["action", normalizer.action] as const,
    ];
    const columns = ranges.flatMap(([name, { min, max }]) =>
      min.map((low, k) => ({ name: `${name}[${k}]`, low, high: max[k] })),
    );
    expect(action).toHaveLength(2);
    expect(head).toEqual(["episode", "step", ...columns.map(({ name }) => name)]);
    expect(rows.length).toBeGreaterThan(200);
    for (const row of rows) {
      for (const [k, { low, high }] of columns.entries()) {
        expect(Number(row[k + 2])).toBeGreaterThanOrEqual(low);
        expect(Number(row[k + 2])).toBeLessThanOrEqual(high);
      }
    }
  });

  it.skipIf(!hasClient)("is the same world in JavaScript as in Python", async () => {
    const script = join(folder, "steps.py");
    await writeFile(
      script,
      `import json, sys; sys.path.insert(0, ${JSON.stringify(EXAMPLE)})
from world import Around
world, told = Around(), []
for seed in ${JSON.stringify(SEEDS)}:
    seen, _ = world.reset(seed=seed)
    told.append([*seen["position"], *seen["goal"], 0, 0])
    for k in range(${STEPS}):
        seen, reward, terminated, truncated, _ = world.step([0.05 * k, 0.3 - 0.02 * k])
        told.append([*seen["position"], *seen["goal"], float(reward), float(terminated or truncated)])
print(json.dumps(told))`,
    );
    const { code, stdout, stderr } = await runScript(script, []);
    expect([code, stderr]).toEqual([0, ""]);
    const world = await openWorld(join(EXAMPLE, "world.mjs"));
    const told = SEEDS.flatMap((seed) => {
      const { observation } = world.env.reset({ seed });
      const rows = [[...allOf(observation), 0, 0]];
      for (let k = 0; k < STEPS; k++) {
        const result = world.env.step([0.05 * k, 0.3 - 0.02 * k]);
        const isOver = result.terminated || result.truncated;
        rows.push([...allOf(result.observation), result.reward, Number(isOver)]);
      }
      return rows;
    });
    const theirs: number[][] = JSON.parse(stdout);
    expect(told.length).toBe(theirs.length);
    for (const [k, row] of told.entries()) {
      for (const [d, value] of row.entries()) expect(value).toBeCloseTo(theirs[k][d], 12);
    }
    expect(told.some((row) => row[5] === 1)).toBe(true);
  });

  describe("with a node", () => {
    let node: Running;
    let endpoint: string;
    beforeAll(async () => {
      node = start("run", join(EXAMPLE, "launch.yaml"), "--endpoint", "tcp://127.0.0.1:*");
      [, endpoint] = await says(node, /around at (\S+)\n[\s\S]*first solve/);
    });
    afterAll(() => {
      node?.child.kill("SIGKILL");
    });

    it("is played from JavaScript", async () => {
      const { code, stdout, stderr } = await ended(
        spawn(process.execPath, [join(EXAMPLE, "play.mjs"), endpoint]),
      );
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(
        /^around, episode 0: \d+ steps, at the goal\naround, episode 1: .*, at the goal\n$/,
      );
    });

    it.skipIf(!hasClient)("is played from Python", async () => {
      const flags = ["--endpoint", endpoint, "--episodes", "2"];
      const { code, stdout, stderr } = await runScript(join(EXAMPLE, "play.py"), flags);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(
        /^seed 100000: score 1\.000 after \d+ steps\nseed 100001: score 1\.000 .*\nmean score 1\.000, at the goal 100%\n$/,
      );
    });
  });
});
