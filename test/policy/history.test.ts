import fc from "fast-check";
import { expect, test } from "vitest";
import { History } from "../../src/policy/history.js";

const read = (history: History) => Array.from(history.read(new Float64Array(history.steps * history.width)));

test("is empty before the first observation", () => {
  const history = new History(2, 1);
  expect(history.empty).toBe(true);
  expect(history.newest).toBe(-1);
});

test("repeats the first observation where there is nothing older", () => {
  const history = new History(3, 2);
  history.push(0, Float64Array.of(1, 2));
  expect(read(history)).toEqual([1, 2, 1, 2, 1, 2]);
  expect(history.empty).toBe(false);
});

test("gives the newest last", () => {
  const history = new History(2, 1);
  for (const step of [0, 1, 2]) history.push(step, Float64Array.of(10 + step));
  expect(read(history)).toEqual([11, 12]);
  expect(history.newest).toBe(2);
});

test("fills a skipped step with the observation before it", () => {
  const history = new History(3, 1);
  history.push(0, Float64Array.of(10));
  history.push(2, Float64Array.of(12));
  expect(read(history)).toEqual([10, 10, 12]);
});

test("keeps the first observation of a step that comes twice", () => {
  const history = new History(2, 1);
  history.push(0, Float64Array.of(10));
  history.push(1, Float64Array.of(11));
  history.push(1, Float64Array.of(99));
  history.push(0, Float64Array.of(99));
  expect(read(history)).toEqual([10, 11]);
  expect(history.newest).toBe(1);
});

test("does not follow what the caller does with its array afterwards", () => {
  const history = new History(1, 1);
  const frame = Float64Array.of(1);
  history.push(0, frame);
  frame[0] = 2;
  expect(read(history)).toEqual([1]);
});

test("begins again after clear", () => {
  const history = new History(2, 1);
  history.push(7, Float64Array.of(1));
  history.clear();
  expect([history.empty, history.newest]).toEqual([true, -1]);
  history.push(0, Float64Array.of(5));
  expect(read(history)).toEqual([5, 5]);
});

test("holds at every step the last observation made by then", () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), gaps, (steps, skips) => {
      const history = new History(steps, 1);
      const seen: number[] = [];
      let step = 0;
      for (const skip of skips) {
        history.push(step, Float64Array.of(step));
        seen.push(step);
        step += skip;
      }
      const newest = seen.at(-1) as number;
      const lastBy = (when: number) => seen.findLast((s) => s <= when) ?? seen[0];
      expect(read(history)).toEqual(Array.from({ length: steps }, (_, k) => lastBy(newest - steps + 1 + k)));
    }),
  );
});
