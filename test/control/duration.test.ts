import { expect, test } from "vitest";
import { durationSchema, parseDuration } from "../../src/control/duration.js";

test.each([
  ["40 ms", 40],
  ["40ms", 40],
  ["0.1 s", 100],
  ["250 us", 0.25],
  ["2 min", 120_000],
])("%s is %f ms", async (text, milliseconds) => {
  expect(await durationSchema.parseAsync(text)).toBeCloseTo(milliseconds, 9);
});

test("zero is off", async () => {
  expect(await durationSchema.parseAsync("0 ms")).toBeNull();
});

test("an option is named with what was given", async () => {
  await expect(parseDuration("--budget-solve", "40")).rejects.toThrow(/--budget-solve is "40".*"40 ms"/);
});

test.each(["40", "3 m", "-1 ms", "", "soon", "10 ms s", "1e999 s", "40 Ms"])(
  "refuses %j and shows how",
  async (text) => {
    await expect(durationSchema.parseAsync(text)).rejects.toThrow(
      /duration of at most an hour with its unit, for example \\"40 ms\\"/,
    );
  },
);

test.each([40, null, { ms: 40 }])("refuses %j, which has no unit", async (value) => {
  await expect(durationSchema.parseAsync(value)).rejects.toThrow(/duration with its unit, for example/);
});
