import { loadBundle } from "../policy/bundle.js";
import { OnnxNetwork } from "./onnx.js";
import type { Runtime } from "./runtime.js";

// The child process of tryProvider: loads the network, calls it once, and says "ok" or what went wrong.
const [directory, provider] = process.argv.slice(2) as [string, Runtime["provider"]];

async function tryIt(): Promise<string> {
  try {
    const { network: bytes, manifest } = await loadBundle(directory);
    const network = await OnnxNetwork.load(bytes, manifest, { provider, threads: 1, spin: false });
    const size = network.shape.horizon * network.shape.dim;
    const answer = new Float64Array(size);
    await network.predictNoise(new Float64Array(size), new Int32Array(1), 1, answer);
    return answer.every(Number.isFinite) ? "ok" : "the network's answer is not finite";
  } catch (error) {
    return (error as Error).message;
  }
}

const found = await tryIt();
process.send?.(found, () => process.exit());
