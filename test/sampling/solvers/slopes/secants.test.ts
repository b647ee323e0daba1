import fc from "fast-check";
import { expect, test } from "vitest";
import { Secants } from "../../../../src/sampling/solvers/slopes/secants.js";
import { distance } from "../../problems.js";

const values = (length: number) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: length, maxLength: length })
    .map((list) => Float64Array.from(list));
const movement = values(3).filter((moved) => moved.some((value) => Math.abs(value) > 1e-3));

test("after a correction the slope explains the change that it was given, along that movement and no other", () => {
  fc.assert(
    fc.property(movement, values(3), values(3), (moved, unexplained, other) => {
      const secants = new Secants(2, 3);
      secants.learn(1, moved, unexplained);
      const along = new Float64Array(3);
      secants.add(1, moved, along, 0);
      expect(distance(along, unexplained)).toBeLessThan(1e-9);

      const square = moved.reduce((sum, value) => sum + value * value, 0);
      const share = moved.reduce((sum, value, k) => sum + value * other[k], 0) / square;
      const across = new Float64Array(3);
      secants.add(
        1,
        other.map((value, k) => value - share * moved[k]),
        across,
        0,
      );
      expect(distance(across, [0, 0, 0])).toBeLessThan(1e-9);
    }),
  );
});

test("the last two movements are explained, older ones forgotten", () => {
  const secants = new Secants(1, 3);
  const axes = [Float64Array.of(1, 0, 0), Float64Array.of(0, 1, 0), Float64Array.of(0, 0, 1)];
  for (const axis of axes) secants.learn(0, axis, Float64Array.of(5, 6, 7));
  const changes = axes.map((axis) => {
    const out = new Float64Array(3);
    secants.add(0, axis, out, 0);
    return [...out];
  });
  expect(changes).toEqual([
    [0, 0, 0],
    [5, 6, 7],
    [5, 6, 7],
  ]);
});

test("another step is not touched, nor does a state that hardly moved say anything", () => {
  const secants = new Secants(2, 2);
  secants.learn(0, Float64Array.of(1, 0), Float64Array.of(1, 1));
  secants.learn(1, Float64Array.of(1e-9, 0), Float64Array.of(1, 1));
  const out = new Float64Array(2);
  secants.add(1, Float64Array.of(1, 1), out, 0);
  expect([...out]).toEqual([0, 0]);
});
