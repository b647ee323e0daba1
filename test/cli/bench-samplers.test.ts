import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, parapilot } from "./process.js";

describe("bench samplers", () => {
  let folder: string;
  let report: string;
  let run: Finished;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parapilot-"));
    report = join(folder, "samplers.html");
    run = await parapilot(
      ...["bench", "samplers", "--states", "1", "--stride", "8", "--seed", "100029", "--threads", "1"],
      ...["--only", "ddpm-100", "paraddpm", "semilinear", "speculative", "--report", report, "--json"],
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("prints a row per solver and start, and writes a page that loads nothing", async () => {
    expect(run.code).toBe(0);
    const { policy, tolerance, rows } = JSON.parse(run.stdout);
    expect({ policy, tolerance }).toEqual({ policy: "pusht", tolerance: 0.02 });
    const keys = rows.map(({ solver, start }: { solver: string; start: string }) => `${solver} ${start}`);
    expect(keys).toEqual([
      "sequential cold",
      "picard cold",
      "picard warm",
      "speculative cold",
      "speculative warm",
      "semilinear cold",
      "semilinear warm",
    ]);
    const cold = rows.find(({ name, start }: Row) => name === "semilinear calibrated" && start === "cold");
    expect(cold).toMatchObject({ rule: "ddpm", steps: 100, stride: 8, states: 1 });
    expect(cold.error_p99).toBeLessThan(0.1);
    expect(cold.sweeps_accepted.mean).toBeLessThan(6);
    expect(cold.evals_mean).toBeLessThan(500);
    const law = rows.find(({ name }: Row) => name === "speculative");
    expect(law).toMatchObject({ error_p50: null, sweeps_to_tolerance: null });
    const page = await readFile(report, "utf8");
    expect(page).toContain("semilinear calibrated");
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="(?!data:)/);
  });

  it("bench table makes Markdown of what it printed", async () => {
    const file = join(folder, "run.json");
    await writeFile(file, run.stdout);
    const { code, stdout } = await parapilot("bench", "table", file);
    expect(code).toBe(0);
    expect(stdout).toContain("| DDPM-100 | ddpm, 100 steps | – |");
    expect((await parapilot("bench", "table", "package.json")).stderr).toContain("holds no rows of samplers");
  });
});

interface Row {
  readonly name: string;
  readonly start: string;
}
