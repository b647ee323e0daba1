import type { InferenceSession } from "onnxruntime-node";

/** The type and shape of every input, or output, that a graph must have; a side with a name may be any number that is free. */
export type Side = Readonly<Record<string, readonly [type: string, shape: readonly (number | string)[]]>>;

/** What of a graph's inputs or outputs does not fit, if anything. */
export function sideProblem(
  side: "inputs" | "outputs",
  metadata: readonly InferenceSession.ValueMetadata[],
  expected: Side,
): string | undefined {
  const wanted = Object.entries(expected);
  const fits =
    wanted.length === metadata.length &&
    wanted.every(([name, [type, shape]]) =>
      metadata.some(
        (value) => value.isTensor && value.name === name && value.type === type && same(value.shape, shape),
      ),
    );
  if (fits) return undefined;
  const found = metadata.map((value) =>
    value.isTensor ? `${value.name} ${value.type} ${show(value.shape)}` : value.name,
  );
  const names = wanted.map(([name, [type, shape]]) => `${name} ${type} ${show(shape)}`);
  return (
    `the network's ${side} are ${found.join(", ")}; the manifest needs ${names.join(", ")}: ` +
    "correct horizon, action, n_obs_steps or observation in policy.yaml, or export the network again"
  );
}

function same(found: readonly (number | string)[], wanted: readonly (number | string)[]): boolean {
  return (
    found.length === wanted.length &&
    wanted.every((side, k) => (typeof side === "string" ? typeof found[k] === "string" : found[k] === side))
  );
}

function show(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}
