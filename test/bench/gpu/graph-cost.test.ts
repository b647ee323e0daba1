import { describe, expect, test } from "vitest";
import { floorOf } from "../../../src/bench/gpu/floor.js";
import { callCosts } from "../../../src/bench/gpu/graph-cost.js";
import { TinyNetwork } from "../../optimize/tiny-network.js";

const OBSERVATION = 3;

describe("what a call costs, against a count by hand", () => {
  test("a matrix product, an addition and a view", async () => {
    const net = new TinyNetwork(1);
    // [b, 4, 2] · [2, 5] + [5], seen as [b, 20].
    const sum = net.op("Add", [net.op("MatMul", ["sample", net.random(2, 5)]), net.random(5)]);
    const [one, seven] = await callCosts(net.file(net.reshape(sum, -1, 20), 4, 2), [1, 7]);
    const weights = 4 * (2 * 5 + 5);
    const ends = (rows: number) => 4 * (rows * 4 * 2 + OBSERVATION + rows * 20) + 8 * rows;
    for (const [cost, rows] of [
      [one, 1],
      [seven, 7],
    ] as const) {
      expect(cost.rows).toBe(rows);
      expect(cost.flop).toEqual({ float32: 2 * rows * 4 * 5 * 2 });
      // The view's target is a weight too: two int64.
      expect(cost.least_bytes).toBe(weights + 16 + ends(rows));
      expect(cost.written_bytes).toBe(weights + 16 + 4 * rows * (4 * 2 + 3 * 4 * 5));
      expect(cost.operators).toBe(2);
    }
  });

  test("convolutions, forth and back", async () => {
    const net = new TinyNetwork(2);
    const channelsFirst = net.op("Transpose", ["sample"], { perm: [0, 2, 1] });
    const down = net.op("Conv", [channelsFirst, net.random(6, 2, 3)], { strides: [2], pads: [1, 1] });
    const up = net.op("ConvTranspose", [down, net.random(6, 2, 4)], { strides: [2], pads: [1, 1] });
    const [{ flop }] = await callCosts(net.file(up, 8, 2), [5]);
    // [5, 6, 4] outputs of 2·3 products each, then [5, 6, 4] inputs of 2·4.
    expect(flop).toEqual({ float32: 2 * 5 * 6 * 4 * (2 * 3) + 2 * 5 * 6 * 4 * (2 * 4) });
  });

  test("of a table, the rows that are asked for", async () => {
    const net = new TinyNetwork(3);
    const rows = net.op("Gather", [net.random(10, 6), "level"], { axis: 0 });
    const [one, three] = await callCosts(net.file(rows, 2, 3), [1, 3]);
    const ends = (batch: number) => 4 * (batch * 2 * 3 + OBSERVATION + batch * 6) + 8 * batch;
    expect(one.least_bytes - ends(1)).toBe(4 * 6);
    expect(three.least_bytes - ends(3)).toBe(4 * 6 * 3);
  });
});

describe("the floor", () => {
  const cost = { rows: 4, flop: { float32: 6e9 }, least_bytes: 1e9, written_bytes: 8e9, operators: 3 };
  const rates = { gb_per_s: 1000, gflop_per_s: { float32: 2000 }, launch_ms: 0.01, unknown: [] };

  test("is the larger of arithmetic and memory", () => {
    expect(floorOf(cost, 6, rates)).toMatchObject({
      matrix_ms: 3,
      memory_ms: 1,
      floor_ms: 3,
      written_ms: 8,
      gap: 2,
    });
    expect(floorOf({ ...cost, least_bytes: 5e9 }, 6, rates)).toMatchObject({ floor_ms: 5, gap: 1.2 });
  });

  test("is not known where a rate is not", () => {
    expect(floorOf({ ...cost, flop: { float16: 1 } }, 6, rates)).toMatchObject({ floor_ms: null, gap: null });
    expect(floorOf(cost, 6, { ...rates, gb_per_s: null })).toMatchObject({ matrix_ms: 3, floor_ms: null });
  });
});
