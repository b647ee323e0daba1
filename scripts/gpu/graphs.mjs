// Writes a policy three times, so that `parapilot bench gpu` can hold its graphs against each other: with the original
// network alone, with the graph for a GPU, and with the one in float16.
//
//   node scripts/gpu/graphs.mjs BUNDLE DIR     makes DIR/original, DIR/gpu and DIR/gpu-half
//
// For measuring: nothing is compared or timed here, as `parapilot optimize` does before it keeps a graph.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { optimize } from "../../dist/src/optimize/optimize.js";
import { writeBundle } from "../../dist/src/optimize/write-bundle.js";
import { loadBundle } from "../../dist/src/policy/bundle.js";

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length !== 2) {
  console.error("usage: graphs.mjs BUNDLE DIR");
  process.exit(2);
}
const [directory, out] = positionals;
const bundle = await loadBundle(directory);
// First: it is there whatever becomes of the others.
await write("original", []);
const { levels } = bundle.manifest.diffusion;
const { graphs, observation } = await optimize(bundle.network, { levels, for: "gpu" });
for (const graph of graphs) await write(graph.name, [{ ...graph, from: 1 }], observation);

async function write(name, serving, terms) {
  const folder = join(out, name);
  await writeBundle(bundle, folder, serving, terms);
  console.log(folder);
}
