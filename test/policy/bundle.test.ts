import { readFile, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { expect, test } from "vitest";
import { loadBundle } from "../../src/policy/bundle.js";
import { ConfigurationError } from "../../src/policy/errors.js";
import { changedBundle, optimizedBundle, SHIPPED, temporaryFolder } from "./bundles.js";

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

test("optimised graphs are read in their order, and the network stays what names the policy", async () => {
  const network = await readFile(join(SHIPPED, "denoiser.onnx"));
  const folder = await optimizedBundle([
    { bytes: network, fromRows: 1 },
    { bytes: new Uint8Array(10), fromRows: 5 },
  ]);
  const { optimized, manifest } = await loadBundle(folder);
  expect(optimized.map(({ file, fromRows, bytes }) => [file, fromRows, bytes.length])).toEqual([
    ["graph-0.onnx", 1, network.length],
    ["graph-1.onnx", 5, 10],
  ]);
  expect(optimized[0].sha256).toBe(manifest.denoiser.sha256);
});

test("a policy that nobody has optimised has no optimised graphs", async () => {
  expect((await loadBundle(await optimizedBundle([]))).optimized).toEqual([]);
});

test("a missing optimised graph is named, with what to do", async () => {
  const folder = await optimizedBundle([{ bytes: new Uint8Array(10), fromRows: 1 }]);
  await rm(join(folder, "graph-0.onnx"));
  expect(await refusal(folder)).toMatch(/graph-0\.onnx \(ENOENT\): copy the graph .*denoiser\.optimized/);
});

test("an optimised graph with another checksum is refused, with the remedy", async () => {
  const folder = await optimizedBundle([{ bytes: new Uint8Array(10), fromRows: 1, sha256: "0".repeat(64) }]);
  const message = await refusal(folder);
  expect(message).toMatch(/graph-0\.onnx \(10 bytes\) has sha256 \w{64}, but policy\.yaml states 0{64}/);
  expect(message).toContain("make it anew with parapilot optimize");
});
