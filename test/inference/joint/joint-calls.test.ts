import fc from "fast-check";
import { expect, test } from "vitest";
import { JointCalls } from "../../../src/inference/joint/joint-calls.js";
import type { PolicyNetwork } from "../../../src/inference/policy-network.js";

/** Each row's answer is its state plus its level plus the sum of its observation. */
class Adder implements PolicyNetwork {
  readonly shape = { horizon: 2, dim: 1 };
  readonly thresholds = [];
  readonly runMs = 0;
  readonly calls: number[][] = [];
  observations = new Float64Array();
  observed = 0;

  observe(observations: Float64Array): void {
    this.observed += 1;
    this.observations = observations.slice();
  }

  async predictNoise(
    states: Float64Array,
    levels: Int32Array,
    rows: number,
    out: Float64Array,
    owners = new Int32Array(rows),
  ) {
    await Promise.resolve();
    this.calls.push([...owners.subarray(0, rows)]);
    for (let k = 0; k < 2 * rows; k++) {
      const row = Math.floor(k / 2);
      const [a, b] = this.observations.subarray(2 * owners[row]);
      out[k] = states[k] + levels[row] + a + b;
    }
  }

  async close() {}
}

/** Observes [100 · problem, 0], makes calls of so many rows and checks every answer. */
async function ask(calls: JointCalls, problem: number, batches: readonly number[]): Promise<void> {
  try {
    const share = calls.share(problem);
    share.observe(Float64Array.of(100 * problem, 0));
    for (const rows of batches) {
      const states = Float64Array.from({ length: 2 * rows }, (_, k) => k / 7);
      const levels = Int32Array.from({ length: rows }, (_, k) => k);
      const out = new Float64Array(2 * rows + 1).fill(-1);
      await share.predictNoise(states, levels, rows, out);
      const expected = Array.from(states, (state, k) => state + Math.floor(k / 2) + 100 * problem);
      expect([...out]).toEqual([...expected, -1]);
    }
  } finally {
    calls.leave(problem);
  }
}

test("every problem gets its own rows back, in as few calls as the longest of them makes", async () => {
  const batches = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(batches, async (problems) => {
      const network = new Adder();
      const calls = new JointCalls(network, problems.length);
      await Promise.all(problems.map((sizes, k) => ask(calls, k, sizes)));
      expect(network.calls).toHaveLength(Math.max(...problems.map((sizes) => sizes.length)));
      for (const [sweep, owners] of network.calls.entries()) {
        expect(owners).toEqual(problems.flatMap((sizes, k) => Array(sizes[sweep] ?? 0).fill(k)));
      }
      expect(network.observed).toBeLessThanOrEqual(1);
    }),
  );
});

test("a problem that leaves without asking is not waited for", async () => {
  const network = new Adder();
  const calls = new JointCalls(network, 3);
  const asked = [ask(calls, 0, [2]), ask(calls, 2, [1])];
  await new Promise((resolve) => setImmediate(resolve));
  expect(network.calls).toEqual([]);
  calls.leave(1);
  await Promise.all(asked);
  expect(network.calls).toEqual([[0, 0, 2]]);
});

test("a call that fails fails for all who asked, and the next one goes on", async () => {
  const network = new Adder();
  const calls = new JointCalls(network, 2);
  const answer = network.predictNoise.bind(network);
  network.predictNoise = async () => {
    throw new Error("the device is lost");
  };
  const shares = [0, 1].map((problem) => calls.share(problem));
  for (const share of shares) share.observe(Float64Array.of(1, 2));
  const question = () => [new Float64Array(2), new Int32Array(1), 1, new Float64Array(2)] as const;
  const failed = await Promise.allSettled(shares.map((share) => share.predictNoise(...question())));
  for (const outcome of failed) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "the device is lost" } });
  }
  network.predictNoise = answer;
  await Promise.all(shares.map((share) => share.predictNoise(...question())));
  expect(network.calls).toEqual([[0, 1]]);
});
