import { expect } from "vitest";
import type { Reader } from "../../../src/ros/read/reader.js";

/** The values of a message that reads well. */
export async function valuesOf(reader: Reader, message: unknown): Promise<number[]> {
  const reading = await reader.read(message);
  if (!reading.ok) throw new Error(reading.problem);
  return Array.from(reading.values);
}

/** What is wrong with a message that does not. */
export async function problemOf(reader: Reader, message: unknown): Promise<string> {
  const reading = await reader.read(message);
  expect(reading).toMatchObject({ ok: false });
  return reading.ok ? "" : reading.problem;
}

/** Number for number. */
export function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-12): void {
  expect(found.length).toBe(wanted.length);
  for (let k = 0; k < wanted.length; k++) {
    const far = Math.abs(found[k] - wanted[k]);
    expect(far, `${k}: ${found[k]} for ${wanted[k]}`).toBeLessThanOrEqual(tolerance);
  }
}
