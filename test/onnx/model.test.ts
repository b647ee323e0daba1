import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { opsetOf, readModel, writeModel } from "../../src/onnx/model.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { SHIPPED } from "../policy/bundles.js";

it("writes the shipped network back byte for byte", async () => {
  const bytes = await readFile(join(SHIPPED, "denoiser.onnx"));
  const model = readModel(bytes);
  expect(opsetOf(model)).toBe(18);
  expect(Buffer.compare(bytes, writeModel(model))).toBe(0);
});

it("says what is wrong with a file that is cut off", async () => {
  const bytes = await readFile(join(SHIPPED, "denoiser.onnx"));
  expect(() => readModel(bytes.subarray(0, 1000))).toThrow(ConfigurationError);
});

it.each([
  ["empty", new Uint8Array()],
  ["text", new TextEncoder().encode("denoiser: none\n")],
  ["noise", Uint8Array.from({ length: 4096 }, (_, k) => (k * 151) % 251)],
])("refuses a file of another kind: %s", (_, bytes) => {
  expect(() => readModel(bytes)).toThrow(/export it again/);
});
