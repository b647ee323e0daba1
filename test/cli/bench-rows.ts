import { expect } from "vitest";
import { parapilot } from "./process.js";

/** Runs a benchmark twice: as JSON, and as text for people. */
export async function expectRows(command: readonly string[]): Promise<void> {
  const { code, stdout } = await parapilot(...command, "--json");
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout);
  expect(rows.length).toBeGreaterThan(1);
  const text = await parapilot(...command);
  expect(text.stdout.split("\n").length).toBeGreaterThan(rows.length);
}
