import { create } from "@bufbuild/protobuf";
import { attributesOf } from "../../onnx/attributes.js";
import { readModel, writeModel } from "../../onnx/model.js";
import { NodeProtoSchema, TensorProto_DataType, type ValueInfoProto } from "../../onnx/onnx_pb.js";
import { valueInfo } from "../../onnx/value.js";
import type { GraphFile } from "../../policy/bundle.js";
import { type NetworkFiles, OBSERVATION_OF_ROW, optimizedFor } from "../graphs.js";
import type { Runtime } from "../runtime.js";

/**
 * The same network for several observations at a time, [n, To · O] or what an observation graph makes of them: every graph
 * also takes which of them each row belongs to, and picks it. Graphs are exported for one observation, [1, To · O], which
 * they spread over the batch; given a row each they compute the same, if they treat rows apart, as networks do. Whether
 * they do is to be checked once they are loaded: `requireRowsApart`.
 *
 * @param provider whose graphs are wanted; others are left out.
 */
export function jointFiles(files: NetworkFiles, provider: Runtime["provider"]): NetworkFiles {
  const optimized = optimizedFor(files, provider);
  const terms = new Map<string, GraphFile>();
  for (const { observation } of optimized) {
    if (observation && !terms.has(observation.sha256)) {
      terms.set(observation.sha256, { ...observation, bytes: forAnyObservations(observation.bytes) });
    }
  }
  const isOriginalRun = optimized[0]?.fromRows !== 1;
  return {
    manifest: files.manifest,
    network: isOriginalRun ? pickingObservations(files.network) : files.network,
    optimized: optimized.map(({ observation, ...graph }) => ({
      ...graph,
      bytes: pickingObservations(graph.bytes),
      ...(observation ? { observation: terms.get(observation.sha256) as GraphFile } : {}),
    })),
    isJoint: true,
  };
}

/** With the first side of everything that goes in and out free. */
function forAnyObservations(bytes: Uint8Array): Uint8Array {
  const model = readModel(bytes);
  const { graph } = model;
  for (const value of [...graph.input, ...graph.output]) freeFirstSide(value);
  // They state sides that are not fixed any more.
  graph.valueInfo = [];
  return writeModel(model);
}

/** With a row of every input that is not a row of the batch already picked for each row of the batch. */
function pickingObservations(bytes: Uint8Array): Uint8Array {
  const model = readModel(bytes);
  const { graph } = model;
  const batched = new Set(["sample", "level"]);
  const picked = graph.input.filter((value) => !batched.has(value.name) && freeFirstSide(value));
  const nameOf = new Map(picked.map(({ name }) => [name, `${name}/of_row`]));
  for (const node of graph.node) node.input = node.input.map((name) => nameOf.get(name) ?? name);
  const picks = [...nameOf].map(([name, output]) =>
    create(NodeProtoSchema, {
      name: output,
      opType: "Gather",
      input: [name, OBSERVATION_OF_ROW],
      output: [output],
      attribute: attributesOf({ axis: 0 }),
    }),
  );
  graph.node = [...picks, ...graph.node];
  graph.input = [...graph.input, valueInfo(OBSERVATION_OF_ROW, TensorProto_DataType.INT64, ["batch"])];
  graph.valueInfo = [];
  return writeModel(model);
}

/** False where the first side is not one of observations. */
function freeFirstSide({ type }: ValueInfoProto): boolean {
  const first = type?.value.case === "tensorType" ? type.value.value.shape?.dim[0] : undefined;
  if (!first || (first.value.case === "dimValue" && first.value.value !== 1n)) return false;
  first.value = { case: "dimParam", value: "observations" };
  return true;
}
