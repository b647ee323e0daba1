import { expect, it } from "vitest";
import { randomBundle } from "../policy/bundles.js";
import { parapilot } from "./process.js";

it("calibrate learns a file that inspect and eval then use", async () => {
  const folder = await randomBundle();
  const inspect = ["inspect", folder, "--threads", "1"];
  expect((await parapilot(...inspect)).stdout).toContain("calibration  none");
  const few = ["--ticks", "3", "--states", "1", "--threads", "1"];
  const { code, stdout } = await parapilot("calibrate", folder, ...few, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ policy: "random-8-16-32", ticks: 3, states: 1 });
  const { stdout: inspected } = await parapilot(...inspect);
  expect(inspected).toContain("calibration  response at 1 states, guess from 3 ticks");
}, 180_000);
