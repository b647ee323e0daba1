import { ConfigurationError } from "../src/policy/errors.js";

/** What a world shows: a list of numbers per name. */
export type Seen = Readonly<Record<string, ArrayLike<number>>>;

/** An observation that a policy wants: of so many values, shaped so. */
interface Wanted {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * What a world shows under a name that its policy wants.
 *
 * @throws ConfigurationError when it shows nothing there, or not as many numbers.
 */
export function seenValues(seen: Seen, { name, shape }: Wanted, policy: string): ArrayLike<number> {
  const values = seen[name];
  const size = shape.reduce((product, length) => product * length, 1);
  if (values?.length === size) return values;
  const offered = Object.entries(seen).map(([other, { length }]) => `${other} (${length})`);
  throw new ConfigurationError(
    `policy "${policy}" needs the observation "${name}" of ${size} numbers; this world offers ${offered.join(", ")}`,
  );
}
