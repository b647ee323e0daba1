import { loadBundle } from "../policy/bundle.js";
import { graphsFor } from "./graphs.js";
import { OnnxNetwork } from "./onnx.js";
import type { Runtime } from "./runtime.js";

// The child process of tryProvider: loads the network, calls each of its graphs once, and says "ok" or what went wrong.
const [directory, provider] = process.argv.slice(2) as [string, Runtime["provider"]];

async function tryIt(): Promise<string> {
  try {
    const bundle = await loadBundle(directory);
    const network = await OnnxNetwork.load(bundle, { provider, threads: 1, spin: false });
    for (const { file, fromRows: rows } of graphsFor(bundle, provider)) {
      const answer = new Float64Array(rows * network.shape.horizon * network.shape.dim);
      await network.predictNoise(new Float64Array(answer.length), new Int32Array(rows), rows, answer);
      if (!answer.every(Number.isFinite)) return `the answer of ${file} is not finite`;
    }
    return "ok";
  } catch (error) {
    return (error as Error).message;
  }
}

const found = await tryIt();
process.send?.(found, () => process.exit());
