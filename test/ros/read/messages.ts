import fc from "fast-check";

/** Messages as rclnodejs gives them: typed arrays for numbers, plain arrays for names. */
export const header = { stamp: { sec: 12, nanosec: 500_000_000 }, frame_id: "base" };
export const STAMP = header.stamp;

export const jointState = (changes: object = {}) => ({
  header,
  name: ["wrist", "elbow", "shoulder"],
  position: Float64Array.of(3, 2, 1),
  velocity: Float64Array.of(0.3, 0.2, 0.1),
  effort: new Float64Array(0),
  ...changes,
});

/** A quarter turn about z. */
export const QUARTER = { x: 0, y: 0, z: Math.SQRT1_2, w: Math.SQRT1_2 };

export const pose = (orientation: object = QUARTER, position: object = { x: 1, y: 2, z: 3 }) => ({
  header,
  pose: { position, orientation },
});

export const twist = () => ({
  header,
  twist: { linear: { x: 1, y: 2, z: 3 }, angular: { x: 4, y: 5, z: 6 } },
});

export const odometry = () => ({
  header,
  child_frame_id: "body",
  pose: { pose: pose().pose, covariance: new Float64Array(36) },
  twist: { twist: twist().twist, covariance: new Float64Array(36) },
});

export const multiArray = (data: ArrayLike<unknown>, layout: object = { dim: [], data_offset: 0 }) => ({
  layout,
  data,
});

export const image = (changes: object = {}) => ({
  header,
  height: 2,
  width: 2,
  encoding: "rgb8",
  is_bigendian: 0,
  step: 6,
  data: Uint8Array.from({ length: 12 }, (_, k) => k),
  ...changes,
});

/** The message with something, somewhere in it, replaced by anything, or by nothing at all. */
export function mutated(message: object): fc.Arbitrary<unknown> {
  const paths = pathsOf(message);
  const anything = fc.anything({
    withBigInt: true,
    withTypedArray: true,
    withNullPrototype: true,
    withDate: true,
  });
  const odd = fc.oneof(
    anything,
    fc.constantFrom(undefined, null, Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1, 0),
  );
  return fc.tuple(fc.constantFrom(...paths), odd).map(([path, value]) => replaced(message, path, value));
}

function pathsOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, child]) => pathsOf(child).map((rest) => [key, ...rest])),
  ];
}

function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  const inside = (value as Record<string, unknown>)[key];
  if (Array.isArray(value))
    return value.map((each, k) => (String(k) === key ? replaced(inside, rest, by) : each));
  if (ArrayBuffer.isView(value))
    return Array.from(value as Uint8Array, (each, k) => (String(k) === key ? by : each));
  return { ...(value as object), [key]: replaced(inside, rest, by) };
}
