import { describe, expect, it } from "vitest";
import { RandomState } from "../../sim/mt19937.js";

// From numpy.random.RandomState(seed): three randint(50, 450), two randint(0, 2**32), three randn().
const NUMPY = [
  {
    seed: 0,
    small: [222, 97, 167],
    words: [3626093760, 2588848963],
    gaussians: [0.07085925794500358, 0.07304142216313661, -1.4223258434690438],
  },
  {
    seed: 42,
    small: [152, 398, 320],
    words: [3143890026, 3348747335],
    gaussians: [-1.1118801180469204, 0.31890218468938336, 0.2790412922001377],
  },
  {
    seed: 4294967295,
    small: [340, 62, 121],
    words: [3388880820, 2260532800],
    gaussians: [0.0813036681172692, 0.4096851233481656, 0.31595808265170017],
  },
];

describe("RandomState", () => {
  it.each(NUMPY)("draws as numpy's RandomState($seed)", ({ seed, small, words, gaussians }) => {
    const random = new RandomState(seed);
    expect(small.map(() => random.randint(50, 450))).toEqual(small);
    expect(words.map(() => random.randint(0, 2 ** 32))).toEqual(words);
    for (const gaussian of gaussians) expect(random.randn()).toBeCloseTo(gaussian, 14);
  });

  it("passes the generator's published check: the 10,000th word of seed 5489 is 4123659995", () => {
    const random = new RandomState(5489);
    let word = 0;
    for (let i = 0; i < 10_000; i++) word = random.randint(0, 2 ** 32);
    expect(word).toBe(4123659995);
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])("refuses seed %s and says the range", (seed) => {
    expect(() => new RandomState(seed)).toThrow(`integer from 0 to 4294967295, got ${seed}`);
  });

  it("refuses an empty range", () => {
    expect(() => new RandomState(0).randint(5, 5)).toThrow("got 5 and 5");
  });
});
