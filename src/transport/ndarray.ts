/**
 * The array types that travel on the wire, by numpy dtype string (`dtype.str`).
 * `|b1` is one byte per element, 0 or 1. All are little-endian, as is every machine this runs on.
 */
export interface DtypeData {
  "<f4": Float32Array;
  "<f8": Float64Array;
  "|u1": Uint8Array;
  "<i4": Int32Array;
  "<i8": BigInt64Array;
  "|b1": Uint8Array;
}

/** A numpy dtype string that this wire carries. */
export type Dtype = keyof DtypeData;

const CONSTRUCTORS: {
  [D in Dtype]: { new (length: number): DtypeData[D]; readonly BYTES_PER_ELEMENT: number };
} = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "|u1": Uint8Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "|b1": Uint8Array,
};

/**
 * An n-dimensional array in C order (last index fastest), as numpy's `ndarray`.
 * `data.length` equals the product of `shape`; a shape of `[]` is a scalar.
 */
export type NdArray<D extends Dtype = Dtype> = {
  [K in D]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: DtypeData[K] };
}[D];

/** An array of floating-point numbers: what observations and actions are made of. */
export type FloatArray = NdArray<"<f4" | "<f8">;

/** The dtypes this wire carries, for messages to people. */
export const DTYPE_NAMES = Object.keys(CONSTRUCTORS).join(" ");

/**
 * Makes a float32 array; without a shape, a vector.
 * Throws `RangeError` when the shape does not hold exactly the data.
 *
 * ```ts
 * float32([96.5, 201.0]);                          // shape [2]
 * float32(new Float32Array(16 * 2), [16, 2]);      // a chunk of 16 actions of width 2; not copied
 * ```
 */
export function float32(
  values: Float32Array | readonly number[],
  shape: readonly number[] = [values.length],
): NdArray<"<f4"> {
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  const size = elementCount(shape);
  if (size !== data.length) {
    throw new RangeError(
      `shape [${shape.join(", ")}] holds ${size} elements, but the data has ${data.length}`,
    );
  }
  return { dtype: "<f4", shape, data };
}

/** Whether a dtype string is one this wire carries. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === "string" && Object.hasOwn(CONSTRUCTORS, name);
}

/** Whether a value is an {@link NdArray} whose parts agree with each other. */
export function isNdArray(value: unknown): value is NdArray {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data } = value as Partial<NdArray>;
  if (!isDtype(dtype) || !Array.isArray(shape)) return false;
  return data instanceof CONSTRUCTORS[dtype] && elementCount(shape) === data.length;
}

/** The number of elements of a shape; `NaN` when a length is not a non-negative integer. */
export function elementCount(shape: readonly unknown[]): number {
  let count = 1;
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || (length as number) < 0) return Number.NaN;
    count *= length as number;
  }
  return count;
}

/** `[9, 2]`, for messages to people; short whatever a hostile sender called a shape. */
export function describeShape(shape: readonly unknown[]): string {
  const shown = shape.slice(0, 8).map((length) => (typeof length === "number" ? length : typeof length));
  return `[${shown.join(", ")}${shape.length > 8 ? ", …" : ""}]`;
}

/** Bytes per element of a dtype. */
export function elementBytes(dtype: Dtype): number {
  return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}

/**
 * Builds an array from its bytes. Always copies: a received view may start at any address (typed arrays need theirs
 * aligned), and its memory belongs to the socket.
 */
export function ndArrayFromBytes(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): NdArray {
  const data = new CONSTRUCTORS[dtype](bytes.byteLength / elementBytes(dtype));
  new Uint8Array(data.buffer).set(bytes);
  return { dtype, shape, data } as NdArray;
}
