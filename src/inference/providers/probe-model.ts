import { GraphBuilder } from "../../onnx/graph-builder.js";
import { writeModel } from "../../onnx/model.js";
import { TensorProto_DataType } from "../../onnx/onnx_pb.js";
import { valueInfo } from "../../onnx/value.js";
import { CHANNELS, EPSILON, LENGTH, WEIGHTS } from "./probe-answer.js";

/**
 * A network of a few kilobytes with the operators that a denoiser lives on: a table of levels, a dense layer, a
 * convolution over time, a normalisation, a matrix product. `sample` [b, 8, 16] and `level` [b] give `noise` [b, 8, 16].
 */
export function probeModel(): Uint8Array {
  const graph = new GraphBuilder(new Set(["sample", "level", "noise"]));
  const weight = (name: keyof typeof WEIGHTS) => graph.floats(WEIGHTS[name].dims, WEIGHTS[name].data);
  const row = graph.op("Gather", [weight("table"), "level"], { axis: 0 });
  const film = graph.op("Gemm", [row, weight("dense"), weight("bias")]);
  const column = graph.op("Unsqueeze", [film, graph.integers([2])]);
  const kernel = { kernel_shape: [3], pads: [1, 1] };
  const convolved = graph.op("Conv", ["sample", weight("kernel"), weight("bias")], kernel);
  const conditioned = graph.op("Add", [convolved, column]);
  const normalised = graph.op("LayerNormalization", [conditioned, weight("scale"), weight("shift")], {
    axis: -1,
    epsilon: { float: EPSILON },
  });
  graph.rename(graph.op("MatMul", [normalised, weight("mix")]), "noise");
  const { FLOAT, INT64 } = TensorProto_DataType;
  const chunk = ["b", CHANNELS, LENGTH];
  const inputs = [valueInfo("sample", FLOAT, chunk), valueInfo("level", INT64, ["b"])];
  return writeModel(graph.model("probe", inputs, [valueInfo("noise", FLOAT, chunk)]));
}
