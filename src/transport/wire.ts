import { Packr } from "msgpackr/pack";
import { Unpackr } from "msgpackr/unpack";
import { DecodeError, type DecodeReason } from "./decode-error.js";
import {
  DTYPE_NAMES,
  describeShape,
  elementBytes,
  elementCount,
  isDtype,
  isNdArray,
  type NdArray,
  ndArrayFromBytes,
} from "./ndarray.js";
import { DEFAULT_WIRE_LIMITS, scanMessage, type WireLimits } from "./wire-scan.js";

/** What a message is made of. Numbers that are integers travel as msgpack integers, all others as float64. */
export type WireValue =
  | string
  | number
  | boolean
  | null
  | NdArray
  | readonly WireValue[]
  | { readonly [key: string]: WireValue };

/** The outcome of {@link decode}: the value, or why the bytes are refused, for a program and for a person. */
export type Decoded =
  | { readonly ok: true; readonly value: WireValue }
  | { readonly ok: false; readonly reason: DecodeReason; readonly message: string };

// The "pack" and "unpack" entries are plain JavaScript; the main entry would hand hostile bytes to a native add-on.
const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: "number" });

// The layout's keys are Python `bytes`, so they are binary on the wire; with text keys a Python reader
// would silently leave a dict.
const ARRAY_KEYS = ["__ndarray__", "data", "dtype", "shape"].map((name) => Buffer.from(name));

/**
 * Encodes a value as msgpack, ndarrays in the layout of openpi's `msgpack_numpy`: a map with the binary keys
 * `__ndarray__` (true), `data` (C order), `dtype` and `shape`.
 *
 * Throws `TypeError` for what the wire does not carry (undefined, functions, bare typed arrays) and for an ndarray
 * whose data does not fill its shape.
 *
 * ```ts
 * const bytes = encode({ state: float32([0, 1, 2]) });
 * const decoded = decode(bytes);
 * if (decoded.ok) console.log(decoded.value);  // { state: { dtype: "<f4", shape: [3], data: Float32Array [0, 1, 2] } }
 * ```
 */
export function encode(value: WireValue): Uint8Array {
  return packr.pack(toPackable(value));
}

/**
 * Decodes one message; the inverse of {@link encode}. Never throws, whatever the bytes: a refusal is a value.
 * The result shares no memory with `bytes`. A numpy scalar (`__npgeneric__`) becomes a plain number or boolean.
 *
 * ```ts
 * decode(Uint8Array.of(0x91));  // { ok: false, reason: "truncated", message: "message ends at byte 1, but …" }
 * ```
 */
export function decode(bytes: Uint8Array, limits: WireLimits = DEFAULT_WIRE_LIMITS): Decoded {
  try {
    scanMessage(bytes, limits);
    return { ok: true, value: fromUnpacked(unpackr.unpack(bytes)) };
  } catch (error) {
    if (error instanceof DecodeError) return { ok: false, reason: error.reason, message: error.message };
    throw error;
  }
}

function toPackable(value: unknown): unknown {
  // msgpackr writes integers beyond 32 bits as floats, unless they are bigint.
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000) ? BigInt(value) : value;
  }
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (Array.isArray(value)) return value.map(toPackable);
  if (isNdArray(value)) {
    const { buffer, byteOffset, byteLength } = value.data;
    const fields = [true, Buffer.from(buffer, byteOffset, byteLength), value.dtype, value.shape];
    return new Map(ARRAY_KEYS.map((key, i) => [key, fields[i]]));
  }
  if (typeof value === "object" && !ArrayBuffer.isView(value)) {
    return new Map(Object.entries(value).map(([key, item]) => [key, toPackable(item)]));
  }
  throw new TypeError(`cannot encode ${ArrayBuffer.isView(value) ? value.constructor.name : typeof value}`);
}

function fromUnpacked(value: unknown): WireValue {
  if (value instanceof Map) return fromMap(value);
  if (Array.isArray(value)) return value.map(fromUnpacked);
  if (value instanceof Uint8Array) {
    throw new DecodeError(
      "unsupported",
      `${value.length} raw bytes outside an ndarray; send text as a string`,
    );
  }
  return value as WireValue;
}

function fromMap(map: Map<unknown, unknown>): WireValue {
  const binary = new Map<string, unknown>();
  const object: Record<string, WireValue> = {};
  for (const [key, value] of map) {
    if (key instanceof Uint8Array) binary.set(Buffer.from(key).toString("latin1"), value);
    else if (key === "__proto__") throw new DecodeError("bad-key", 'the key "__proto__" is not allowed');
    else object[key as string] = fromUnpacked(value);
  }
  if (binary.size === 0) return object;
  if (binary.size === map.size && binary.get("__ndarray__") === true) return fromNdArray(binary);
  if (binary.size === map.size && binary.get("__npgeneric__") === true) return fromNumpyScalar(binary);
  // Cut short, as all that is quoted: the refusal has to fit on the wire that brought the message.
  const keys = [...binary.keys()].slice(0, 8).map((key) => JSON.stringify(key.slice(0, 40)));
  throw new DecodeError(
    "bad-key",
    `binary map keys (${keys.join(", ")}) belong to ndarrays only; send text keys`,
  );
}

function fromNdArray(fields: Map<string, unknown>): NdArray {
  const { dtype, shape, data } = Object.fromEntries(fields);
  if (fields.size !== 4 || !Array.isArray(shape) || !(data instanceof Uint8Array)) {
    throw new DecodeError("bad-array", "an ndarray needs exactly: data (bytes), dtype (text), shape (list)");
  }
  if (!isDtype(dtype)) throw dtypeError(dtype);
  const expected = elementCount(shape) * elementBytes(dtype);
  if (expected !== data.length) {
    throw new DecodeError(
      "bad-array",
      `an ndarray of shape ${describeShape(shape)} and dtype ${dtype} needs ${expected} bytes, but has ${data.length}`,
    );
  }
  return ndArrayFromBytes(dtype, shape, data);
}

function fromNumpyScalar(fields: Map<string, unknown>): number | boolean {
  const { dtype, data } = Object.fromEntries(fields);
  if (typeof data === "number" || typeof data === "boolean") return data;
  throw dtypeError(dtype);
}

function dtypeError(dtype: unknown): DecodeError {
  const shown = typeof dtype === "string" ? JSON.stringify(dtype.slice(0, 40)) : typeof dtype;
  return new DecodeError(
    "bad-dtype",
    `dtype ${shown} is not carried; use one of ${DTYPE_NAMES}, for example array.astype("<f4")`,
  );
}
