import { OnnxNetwork } from "../../src/inference/onnx.js";
import { Rival } from "../../src/optimize/rival.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { questions } from "./questions.js";
import { TinyNetwork } from "./tiny-network.js";

// A child process: drivers have been seen to end theirs. Says what a bundle answers on webgpu, or why there is none.
const [folder] = process.argv.slice(2);
const RUNTIME = { provider: "webgpu", threads: 1, spin: false } as const;

async function answers(): Promise<object> {
  try {
    const network = new TinyNetwork(0);
    await (await Rival.load("least", network.file(network.op("Relu", ["sample"]), 8, 2), RUNTIME)).close();
  } catch (error) {
    return { missing: (error as Error).message };
  }
  const bundle = await loadBundle(folder);
  const network = await OnnxNetwork.load(bundle, RUNTIME);
  return { answers: await questions(network) };
}

const said = await answers();
process.send?.(said, () => process.exit());
