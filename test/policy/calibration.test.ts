import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Calibration,
  guessFor,
  loadCalibration,
  saveCalibration,
} from "../../src/policy/calibration.js";
import { temporaryFolder } from "./bundles.js";

/** Numbers that a float16 holds. */
const numbers = (length: number) =>
  Float64Array.from({ length }, (_, k) => Math.round(1024 * Math.sin(k)) / 1024);
const shape = { levels: 3, chunk: 4, observation: 2 };
const calibration: Calibration = {
  shape,
  denoiser: "a".repeat(64),
  command: "parapilot calibrate joint",
  ticks: 7,
  states: 2,
  response: { rank: 2, basis: numbers(8), slope: numbers(24) },
  offset: numbers(36),
  slope: numbers(24),
};

async function saved(): Promise<string> {
  const file = join(await temporaryFolder(), "calibration.safetensors");
  await saveCalibration(file, calibration);
  return file;
}

test("reads what was written", async () => {
  expect(await loadCalibration(await saved())).toEqual(calibration);
});

test("reads the tolerance that was measured with it, where it was", async () => {
  const measured = { ...calibration, response: { ...calibration.response, tolerance: 0.015 } };
  const file = join(await temporaryFolder(), "calibration.safetensors");
  await saveCalibration(file, measured);
  expect(await loadCalibration(file)).toEqual(measured);
});

test("reads float32 numbers too", async () => {
  const file = await saved();
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE());
  const body = Buffer.from(
    Float32Array.from([
      ...calibration.response.basis,
      ...calibration.response.slope,
      ...calibration.offset,
      ...calibration.slope,
    ]).buffer,
  );
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  header.__metadata__.sha256 = createHash("sha256").update(body).digest("hex");
  for (const name of ["basis", "response", "offset", "slope"]) {
    header[name].dtype = "F32";
    header[name].data_offsets = header[name].data_offsets.map((offset: number) => 2 * offset);
  }
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([size, json, body]));
  expect(await loadCalibration(file)).toEqual(calibration);
});

test("a policy without one has none", async () => {
  expect(await loadCalibration(join(await temporaryFolder(), "none"))).toBeUndefined();
});

test("the header is as the safetensors format wants it", async () => {
  const bytes = await readFile(await saved());
  const length = Number(bytes.readBigUInt64LE());
  expect(length % 8).toBe(0);
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  expect(header.response).toEqual({ dtype: "F16", shape: [3, 4, 2], data_offsets: [16, 64] });
  expect(bytes).toHaveLength(8 + length + 2 * (8 + 24 + 36 + 24));
});

describe("a file that was not written so is refused with the remedy", () => {
  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ["cut off in the header", (b) => b.subarray(0, 40), /is truncated: 40 bytes/],
    ["empty", () => Buffer.alloc(0), /is truncated: 0 bytes/],
    ["cut off in the numbers", (b) => b.subarray(0, b.length - 4), /is damaged/],
    [
      "with a flipped bit",
      (b) => {
        b[b.length - 2] ^= 64;
        return b;
      },
      /is damaged/,
    ],
    ["with another header", (b) => Buffer.concat([b.subarray(0, 8), b.subarray(16)]), /header/],
    [
      "of another kind",
      (b) =>
        Buffer.from(
          b.toString("latin1").replace("parapilot-calibration/1", "parapilot-calibration/9"),
          "latin1",
        ),
      /is no calibration.*format/s,
    ],
    [
      "whose sizes disagree",
      (b) => Buffer.from(b.toString("latin1").replace('"shape":[3,4,2]', '"shape":[3,2,4]'), "latin1"),
      /has response \[3, 2, 4\] where \[3, 4, 2\] would fit/,
    ],
  ])("%s", async (_name, change, message) => {
    const file = await saved();
    await writeFile(file, change(await readFile(file)));
    await expect(loadCalibration(file)).rejects.toThrow(message);
    await expect(loadCalibration(file)).rejects.toThrow("run parapilot calibrate again, or delete the file");
  });
});

test("a guess is the offset table at the observation", () => {
  const { offset } = guessFor(calibration, Float64Array.of(0.5, -2), new Float64Array(12));
  for (let row = 0; row < 12; row++) {
    const [constant, a, b] = calibration.offset.subarray(3 * row, 3 * row + 3);
    expect(offset[row]).toBeCloseTo(constant + 0.5 * a - 2 * b, 12);
  }
});
