import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { expect, test } from "vitest";
import { loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { changedBundle, SHIPPED, temporaryFolder } from "./bundles.js";

/** The error that loading a bundle ends with. */
async function refusal(folder: string): Promise<string> {
  const error: unknown = await loadBundle(folder).then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as Error).message;
}

test("the shipped policy loads, network and all", async () => {
  const { directory, manifest, network } = await loadBundle(SHIPPED);
  expect(isAbsolute(directory)).toBe(true);
  expect(manifest).toMatchObject({ name: "pusht", horizon: 16, diffusion: { levels: 100 } });
  expect(Buffer.compare(network, await readFile(join(SHIPPED, "denoiser.onnx")))).toBe(0);
});

test("a folder that is not there is named, with what to give instead", async () => {
  const message = await refusal("policies/nowhere");
  expect(message).toContain("ENOENT");
  expect(message).toContain(
    '"policies/nowhere" is not a policy bundle; give the folder that holds policy.yaml',
  );
});

test("a file in the place of a folder is not a bundle", async () => {
  expect(await refusal(join(SHIPPED, "policy.yaml"))).toContain("ENOTDIR");
});

test("an empty folder is not a bundle", async () => {
  expect(await refusal(await temporaryFolder())).toContain("give the folder that holds policy.yaml");
});

test("a missing network is named, with what to do", async () => {
  const message = await refusal(await changedBundle({ network: null }));
  expect(message).toMatch(/denoiser\.onnx \(ENOENT\): copy the denoiser that policy\.yaml names beside it/);
});

test("text that is not YAML is refused as such", async () => {
  const folder = await changedBundle({ manifest: () => "name: [unclosed", network: null });
  expect(await refusal(folder)).toMatch(/policy\.yaml is not YAML: /);
});

test.each(["", "just words", "- a\n- b"])("YAML that is no manifest is refused: %j", async (text) => {
  const folder = await changedBundle({ manifest: () => text, network: null });
  expect(await refusal(folder)).toContain("the document: ");
});

test("a manifest with a mistake is refused by file and field", async () => {
  const folder = await changedBundle({
    manifest: (text) => text.replace("horizon: 16", "horizon: 4"),
    network: null,
  });
  expect(await refusal(folder)).toMatch(/policy\.yaml: n_action_steps: .*horizon of 4/);
});

test("a truncated network is refused by its checksum, with its size and the remedy", async () => {
  const message = await refusal(await changedBundle({ network: (bytes) => bytes.subarray(0, 1000) }));
  expect(message).toContain("(1000 bytes)");
  expect(message).toContain("truncated");
  expect(message).toContain("copy the bundle again");
});

test("one flipped bit in the network is noticed", async () => {
  const flip = (bytes: Uint8Array) => {
    bytes[bytes.length >> 1] ^= 1;
    return bytes;
  };
  expect(await refusal(await changedBundle({ network: flip }))).toContain("has sha256");
});

test("a replaced network is fine once its checksum is stated", async () => {
  const folder = await changedBundle({ network: () => new Uint8Array(10), restated: true });
  expect((await loadBundle(folder)).network).toHaveLength(10);
});
