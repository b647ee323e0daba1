import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  describe("with a node", () => {
    let node: Running;
    let endpoint: string;
    beforeAll(async () => {
      node = start("run", join(EXAMPLE, "launch.yaml"), "--endpoint", "tcp://127.0.0.1:*");
      [, endpoint] = await says(node, /around at (\S+)\n[\s\S]*first solve/);
    }, 120_000);
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
    }, 120_000);

    it.skipIf(!hasClient)(
      "is played from Python",
      async () => {
        const flags = ["--endpoint", endpoint, "--episodes", "2"];
        const { code, stdout, stderr } = await runScript(join(EXAMPLE, "play.py"), flags);
        expect([code, stderr]).toEqual([0, ""]);
        expect(stdout).toMatch(
          /^seed 100000: score 1\.000 after \d+ steps\nseed 100001: score 1\.000 .*\nmean score 1\.000, at the goal 100%\n$/,
        );
      },
      120_000,
    );
  });
});
