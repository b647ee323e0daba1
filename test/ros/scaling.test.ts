import { expect, test } from "vitest";
import { ConfigurationError } from "../../src/policy/errors.js";
import { resolveScaling } from "../../src/ros/scaling.js";

test.each([
  [{}, "px", { scale: 1, offset: 0 }],
  [{ unit: "px" }, "px", { scale: 1, offset: 0 }],
  [{ unit: "mm" }, "m", { scale: 0.001, offset: 0 }],
  [{ unit: "deg" }, "rad", { scale: Math.PI / 180, offset: 0 }],
  [{ unit: "km/h" }, "m/s", { scale: 1 / 3.6, offset: 0 }],
  [{ unit: "degC" }, "K", { scale: 1, offset: 273.15 }],
  [{ scale: 1000 }, "px", { scale: 1000, offset: 0 }],
  [{ scale: 2, offset: -1 }, "1", { scale: 2, offset: -1 }],
  [{ offset: 3 }, "m", { scale: 1, offset: 3 }],
] as const)("%j for a policy in %s is %j", async (settings, unit, { scale, offset }) => {
  const scaling = await resolveScaling(settings, unit);
  expect(scaling.scale).toBeCloseTo(scale, 12);
  expect(scaling.offset).toBeCloseTo(offset, 12);
});

test.each([
  [{ unit: "m" }, "px", '"m" does not convert to the policy\'s "px"'],
  [{ unit: "m" }, "rad", '"m" does not convert to the policy\'s "rad"'],
  [{ unit: "furlongs per fortnight" }, "m/s", "does not convert"],
  [{ unit: "mm", scale: 0.001 }, "m", "leave out scale and offset"],
  [{ unit: "mm", offset: 0 }, "m", "leave out scale and offset"],
] as const)("%j for a policy in %s is refused", async (settings, unit, problem) => {
  const refusal = resolveScaling(settings, unit);
  await expect(refusal).rejects.toThrow(ConfigurationError);
  await expect(refusal).rejects.toThrow(problem);
});
