import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../policy/bundles.js";
import { parapilot } from "./process.js";

const WORLD = join("examples", "around", "world.mjs");
const POLICY = join("examples", "around", "policy");
const FAST = ["--solver", "sequential", "--rule", "ddim", "--steps", "4", "--threads", "1"];

async function file(name: string, text: string): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, text);
  return path;
}

describe("a world of one's own", () => {
  it("is evaluated, several at a time too", async () => {
    const flags = ["--policy", POLICY, "--episodes", "2", "--envs", "2", ...FAST, "--json"];
    const { code, stdout } = await parapilot("eval", WORLD, ...flags);
    expect(code).toBe(0);
    const { task, policy, episodes, scores, silent_steps } = JSON.parse(stdout);
    expect({ task, policy, episodes, silent_steps }).toEqual({
      task: "around",
      policy: "around",
      episodes: 2,
      silent_steps: 0,
    });
    for (const score of scores) expect(score).toBeGreaterThan(0.1);
  });

  it("is calibrated and measured in", async () => {
    const out = join(await temporaryFolder(), "calibration.safetensors");
    const few = ["--ticks", "2", "--states", "1", "--threads", "1"];
    const calibrated = await parapilot("calibrate", POLICY, "--world", WORLD, ...few, "--out", out);
    expect(calibrated.code).toBe(0);
    expect(calibrated.stdout).toContain(`bench samplers --policy ${POLICY} --world ${WORLD} shows`);
    const acceptance = ["bench", "acceptance", "--policy", POLICY, "--world", WORLD];
    const { code, stdout } = await parapilot(...acceptance, "--ticks", "1", "--threads", "1", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ policy: "around", stride: 8 });
  });

  it("is timed, by what it holds if there is nothing to exercise it", async () => {
    const { code, stdout } = await parapilot("bench", "sim", WORLD, "--steps", "40", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ task: "around", steps: 40 });
  });

  it.each([
    [["eval", WORLD], /no policy for the world "around" ships, only for pusht.*give --policy <bundle>/],
    [["eval", WORLD, "--policy", "policies/pusht"], /is for the world "pusht", not for "around"/],
    [["bench", "seams", "--policy", POLICY], /the world "around".*does not ship.*--world <file>/],
    [["calibrate", POLICY, "--world", WORLD, "--demonstrations", "."], /cannot be used with option/],
    [["demonstrate", WORLD], /the world "around" has no expert of its own/],
    [["eval", "mine.mjs"], /there is no file mine\.mjs/],
    [
      ["eval", "mine"],
      /there is no world "mine", only pusht, lift, stack; give the file of your own \(\.mjs\)/,
    ],
  ])("%j says what is missing", async (command, message) => {
    const { code, stderr } = await parapilot(...command);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });

  it.each([
    ["export const world = {};", /has to export a function that opens the world: export default/],
    ["export default () => ({ task: 'mine', env: {} });", /env\.reset: must be a function/],
    ["export default class {}", /opening the world fails: .* without 'new'\n$/],
    [
      "export default async () => {\n throw new Error('no licence'); };",
      /no licence\n +at .*mine\.mjs:2:8\)\n$/,
    ],
    ["throw new Error('broken');", /cannot load .*mine\.mjs: Error: broken\n +at .*mine\.mjs:1:7\n$/],
    ["export default () => {{ a: 1 };", /cannot load .*\(`node .*mine\.mjs` shows where\): SyntaxError: /],
    ["import 'nowhere';", /cannot load .*mine\.mjs: Cannot find package 'nowhere'/],
    ["import 'parapilot/sim';", /Cannot find package 'parapilot'.*: npm install --ignore-scripts \S+\n$/],
  ])("that cannot be one is refused: %s", async (text, message) => {
    const { code, stderr } = await parapilot("eval", await file("mine.mjs", text));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/own-world\.js|node:internal/);
  });

  it("that is a folder is refused", async () => {
    const folder = join(await temporaryFolder(), "mine.mjs");
    await mkdir(folder);
    const { code, stderr } = await parapilot("eval", folder);
    expect([code, stderr]).toEqual([
      1,
      `parapilot: ${folder} is no file; give the JavaScript file of the world\n`,
    ]);
  });

  /** One that, like a simulator in another process, keeps Node running until it is closed. */
  const BUSY = `
    const observation = { position: [0, 0], goal: [0.4, 0] };
    export default () => {
      const busy = setInterval(() => {}, 1000);
      let steps = 0;
      const step = () => ({ observation, reward: 0, terminated: false, truncated: ++steps % 8 === 0, info: { progress: 0 } });
      const close = () => { clearInterval(busy); console.error("closed"); };
      return { task: "around", env: { reset: () => ({ observation }), step }, hold: () => [0, 0], close };
    };`;

  it.each([
    [["bench", "sim", "WORLD", "--steps", "8"], 0, 1],
    [
      ["bench", "envs", "--policy", POLICY, "--world", "WORLD", "--episodes", "2", "--envs", "2", ...FAST],
      0,
      2,
    ],
    [["eval", "WORLD", "--policy", POLICY, "--episodes", "2", "--envs", "2", ...FAST], 0, 2],
    [["eval", "WORLD", "--policy", "policies/pusht"], 1, 1],
    [["demonstrate", "WORLD"], 1, 1],
  ])("is closed at the end: %j", async (command, ending, worlds) => {
    const world = await file("busy.mjs", BUSY);
    const { code, stderr } = await parapilot(...command.map((word) => (word === "WORLD" ? world : word)));
    expect(code).toBe(ending);
    expect(stderr.match(/^closed$/gm)).toHaveLength(worlds);
  });
});
