import { readModel, writeModel } from "../onnx/model.js";

/**
 * One graph again of a network whose observation terms are computed apart: it takes `observation` in the place of the terms.
 *
 * @param network an ONNX file that takes the outputs of `terms`.
 * @param terms an ONNX file that takes `observation` and gives terms; without, the network is as it was.
 */
export function rejoined(network: Uint8Array, terms: Uint8Array | undefined): Uint8Array {
  if (!terms) return network;
  const whole = readModel(network);
  const { graph } = whole;
  const of = readModel(terms).graph;
  const shared = new Set([...of.input, ...of.output].map(({ name }) => name));
  const given = new Set(of.output.map(({ name }) => name));
  // Both graphs number their own tensors.
  const named = (name: string) => (name === "" || shared.has(name) ? name : `observation/${name}`);
  for (const tensor of of.initializer) tensor.name = named(tensor.name);
  for (const node of of.node) {
    node.name = named(node.name);
    node.input = node.input.map(named);
    node.output = node.output.map(named);
  }
  graph.node = [...of.node, ...graph.node];
  graph.initializer = [...of.initializer, ...graph.initializer];
  graph.input = [...graph.input.filter(({ name }) => !given.has(name)), ...of.input];
  return writeModel(whole);
}
