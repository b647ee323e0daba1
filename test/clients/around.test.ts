import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadLaunch } from "../../src/launch/launch.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { manifestSchema, observationWidth } from "../../src/policy/manifest.js";
import { type Running, says, start } from "../cli/process.js";
import { ended, hasModules, PYTHON, runScript } from "./python.js";
import { unlearnedNetwork } from "./unlearned-network.js";

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

async function manifestText(): Promise<string> {
  return readFile(join(EXAMPLE, "policy", "policy.yaml"), "utf8");
}

describe("the example of one's own world", () => {
  it("has a launch file and a policy that lacks nothing but its network", async () => {
    const { policy } = await loadLaunch(join(EXAMPLE, "launch.yaml"));
    await expect(loadBundle(policy)).rejects.toThrow(/denoiser\.onnx/);
  });

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
    const { observation, action, normalizer } = manifestSchema.parse(parse(await manifestText()));
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

  describe("with a node and a network that has learnt nothing", () => {
    let node: Running;
    let endpoint: string;
    beforeAll(async () => {
      const text = await manifestText();
      const manifest = manifestSchema.parse(parse(text));
      const width = manifest.n_obs_steps * observationWidth(manifest);
      const network = unlearnedNetwork(manifest.horizon, manifest.action.length, width);
      const policy = join(folder, "policy");
      await mkdir(policy);
      await writeFile(join(policy, "denoiser.onnx"), network);
      const sha256 = createHash("sha256").update(network).digest("hex");
      await writeFile(join(policy, "policy.yaml"), text.replace(/sha256: "0+"/, `sha256: "${sha256}"`));
      await copyFile(join(EXAMPLE, "launch.yaml"), join(folder, "launch.yaml"));
      node = start("run", join(folder, "launch.yaml"), "--endpoint", "tcp://127.0.0.1:*");
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
        /^around, episode 0: \d+ steps, (not )?at the goal\naround, episode 1: .* the goal\n$/,
      );
    }, 120_000);

    it.skipIf(!hasClient)(
      "is played from Python",
      async () => {
        const flags = ["--endpoint", endpoint, "--episodes", "2"];
        const { code, stdout, stderr } = await runScript(join(EXAMPLE, "play.py"), flags);
        expect([code, stderr]).toEqual([0, ""]);
        expect(stdout).toMatch(
          /^seed 100000: score \d\.\d+ after \d+ steps\nseed 100001: .*\nmean score \d\.\d+/,
        );
      },
      120_000,
    );
  });
});
