import { ConfigurationError } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";
import { cleanOf } from "./chain.js";
import { largestDifference } from "./compare.js";
import type { Feeds, Rival } from "./rival.js";

/** A graph whose noise differs by more from the original is another network. */
export const REFUSED_DIFFERENCE = 1e-3;

/** How far a graph's answers lie from the original's, at most. */
export interface Differences {
  /** Of the predicted noise, for random states and those of a chain. */
  readonly noise: number;
  /** Of the clipped clean prediction along the chain; at the noisiest levels it is a thousand times the noise's. */
  readonly clean: number;
}

/** @param chain states of every level, as {@link chainFeeds} gives them. */
export async function differences(
  original: Rival,
  rival: Rival,
  manifest: Manifest,
  chain: Feeds,
): Promise<Differences> {
  const random = await largestDifference(original, rival, manifest);
  const [wanted, found] = [await original.noise(chain), await rival.noise(chain)];
  const clean = await Promise.all([wanted, found].map((noise) => cleanOf(noise, chain, manifest)));
  return { noise: Math.max(random, largest(wanted, found)), clean: largest(clean[0], clean[1]) };
}

/**
 * @param allowed of the noise; more than {@link REFUSED_DIFFERENCE} only where the original itself is that far off.
 * @throws ConfigurationError when a graph does not compute what the original does.
 */
export function refuseOthers(name: string, { noise }: Differences, allowed = REFUSED_DIFFERENCE): void {
  if (noise <= allowed) return;
  throw new ConfigurationError(
    `the ${name} graph differs from the original by ${noise.toPrecision(2)}, more than ${allowed.toPrecision(1)}: ` +
      "nothing was written; please report the network as a bug, and run the bundle as it is",
  );
}

function largest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < a.length; k++) {
    const difference = Math.abs(a[k] - b[k]);
    most = Math.max(most, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return most;
}
