import { erf } from "mathjs";

/** Probability that two samples of one continuous law have empirical distributions at least as far apart as these. */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  const [first, second] = [a.slice().sort(), b.slice().sort()];
  let [i, j, largest] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i], second[j]);
    while (first[i] === value) i++;
    while (second[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / first.length - j / second.length));
  }
  const root = Math.sqrt((first.length * second.length) / (first.length + second.length));
  // Stephens (1970): the correction with which the limiting law serves small samples too.
  return kolmogorovTail((root + 0.12 + 0.11 / root) * largest);
}

/** P(K > x) of Kolmogorov's law: 2 Σ (-1)^(k-1) exp(-2k²x²). */
export function kolmogorovTail(x: number): number {
  // Here the alternating series has not begun to fall, and the probability is 1 to twelve digits.
  if (x < 0.2) return 1;
  let tail = 0;
  for (let k = 1; k <= 20; k++) tail += (k % 2 ? 2 : -2) * Math.exp(-2 * (k * x) ** 2);
  return Math.min(1, Math.max(0, tail));
}

/** Probability, by the pooled z test, that counts out of one share differ by at least as much as these. */
export function twoProportions(hitsA: number, ofA: number, hitsB: number, ofB: number): number {
  const share = (hitsA + hitsB) / (ofA + ofB);
  const error = Math.sqrt(share * (1 - share) * (1 / ofA + 1 / ofB));
  return 1 - erf(Math.abs(hitsA / ofA - hitsB / ofB) / error / Math.SQRT2);
}
