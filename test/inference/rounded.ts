/**
 * An ONNX model with every float32 weight moved by its last bit: another graph for whoever compares bits, and the same
 * function up to rounding.
 */
export function roundedOtherwise(model: Uint8Array): Uint8Array {
  return withWeights(model, (bytes, at) => {
    bytes[at] ^= 1;
  });
}

/** An ONNX model of the same form that computes something else. */
export function anotherFunction(model: Uint8Array): Uint8Array {
  return withWeights(model, (bytes, at) => {
    bytes[at + 2] ^= 0x40;
  });
}

/** A model with its float32 weights changed, little end first; reads as much protobuf as that takes. */
function withWeights(model: Uint8Array, change: (bytes: Uint8Array, at: number) => void): Uint8Array {
  const changed = Uint8Array.from(model);
  for (const graph of fields(changed, GRAPH)) {
    for (const tensor of fields(graph, INITIALIZER)) {
      if (fields(tensor, DATA_TYPE)[0][0] !== FLOAT) continue;
      for (const raw of fields(tensor, RAW_DATA)) {
        for (let at = 0; at < raw.length; at += 4) change(raw, at);
      }
    }
  }
  return changed;
}

/** Field numbers of onnx.proto: in a model, in a graph, and in a tensor. */
const GRAPH = 7;
const INITIALIZER = 5;
const DATA_TYPE = 2;
const RAW_DATA = 9;
const FLOAT = 1;

/** Views of a message's fields of one number; where it holds an integer, of that one's bytes. */
function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wire = tag % 8;
    let begin = at;
    if (wire === 0) varint();
    else if (wire === 2) {
      const length = varint();
      begin = at;
      at += length;
    } else at += wire === 1 ? 8 : 4;
    if (Math.floor(tag / 8) === wanted) found.push(message.subarray(begin, at));
  }
  return found;
}
