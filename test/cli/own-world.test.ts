import { writeFile } from "node:fs/promises";
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
  ])("that cannot be one is refused: %s", async (text, message) => {
    const { code, stderr } = await parapilot("eval", await file("mine.mjs", text));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });
});
