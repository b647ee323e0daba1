// Writes a policy bundle with the network of Diffusion Policy's low-dimensional PushT, 256/512/1024, and random weights.
//
//   node scripts/gpu/random-bundle.mjs DIR [--channels 256,512,1024] [--seed 0]
import { parseArgs } from "node:util";
import { writeRandomBundle } from "../../dist/src/bench/gpu/random-bundle.js";
import { DEFAULT_POLICY } from "../../dist/src/cli/options.js";
import { loadBundle } from "../../dist/src/policy/bundle.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { channels: { type: "string", default: "256,512,1024" }, seed: { type: "string", default: "0" } },
});
const channels = values.channels.split(",").map(Number);
const isUnet = channels.length > 1 && channels.every((width) => width > 0 && width % 8 === 0);
if (positionals.length !== 1 || !isUnet) {
  console.error("usage: random-bundle.mjs DIR [--channels 256,512,1024 (multiples of 8)] [--seed 0]");
  process.exit(2);
}
const { manifest } = await loadBundle(DEFAULT_POLICY);
const { directory, sha256, parameters } = await writeRandomBundle(
  positionals[0],
  manifest,
  channels,
  Number(values.seed),
);
console.log(`${directory}: ${parameters.toLocaleString("en")} random weights, sha256 ${sha256}`);
