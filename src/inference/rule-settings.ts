import { z } from "zod";
import { ConfigurationError } from "../policy/errors.js";
import { levelGrid } from "../sampling/grid.js";
import { ddim } from "../sampling/rules/ddim.js";
import { ddpm } from "../sampling/rules/ddpm.js";
import { dpmSolver } from "../sampling/rules/dpm-solver.js";
import type { Rule } from "../sampling/rules/rule.js";
import type { NoiseSchedule } from "../sampling/schedule.js";

/** Which recurrence is solved; every field may stand in a launch file under `solver.rule`. */
export const ruleSettingsSchema = z.strictObject({
  name: z.enum(["ddpm", "ddim", "dpm-solver"]).default("ddpm").describe("the sampler's recurrence"),
  steps: z.number().int().min(1).optional().describe("levels visited; all of the policy's unless told"),
  spacing: z
    .enum(["leading", "trailing", "linspace"])
    .default("trailing")
    .describe("which levels, when there are fewer steps than levels"),
  offset: z.number().int().min(0).optional().describe("leading only: added to every level"),
  eta: z.number().min(0).max(1).optional().describe("ddim only: share of DDPM's noise (default 0)"),
  final: z.enum(["one", "first"]).optional().describe("ddim only: signal after the last step (default one)"),
  order: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe("dpm-solver only (default 2)"),
});

export type RuleSettings = z.infer<typeof ruleSettingsSchema>;

/**
 * The rule that the settings ask for, over a policy's schedule.
 *
 * @throws ConfigurationError on an option of another rule, and where the grid does not fit the schedule.
 */
export function createRule(settings: RuleSettings, schedule: NoiseSchedule): Rule {
  const { name, steps, spacing, offset, eta, final, order } = settings;
  refuseForeign(name, { eta: eta !== undefined, final: final !== undefined }, "ddim");
  refuseForeign(name, { order: order !== undefined }, "dpm-solver");
  try {
    const convention = name === "dpm-solver" ? "dpm-solver" : "ddim";
    const strided = steps !== undefined && steps !== schedule.levels;
    const grid = strided
      ? levelGrid(schedule.levels, {
          steps,
          spacing,
          convention,
          ...(offset === undefined ? {} : { offset }),
        })
      : undefined;
    const along = grid ? { grid } : {};
    switch (name) {
      case "ddpm":
        return ddpm(schedule, grid);
      case "ddim":
        return ddim(schedule, {
          ...along,
          ...(eta === undefined ? {} : { eta }),
          ...(final ? { final } : {}),
        });
      case "dpm-solver":
        return dpmSolver(schedule, { ...along, ...(order ? { order } : {}) });
    }
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigurationError(`rule ${name}: ${error.message}`);
    throw error;
  }
}

/** In one word or two: "ddpm", "ddim, 10 steps". */
export function describeRule({ name, steps }: RuleSettings): string {
  return steps === undefined ? name : `${name}, ${steps} steps`;
}

function refuseForeign(
  name: string,
  given: Readonly<Record<string, boolean>>,
  owner: RuleSettings["name"],
): void {
  const option = Object.keys(given).find((key) => given[key]);
  if (name !== owner && option) {
    throw new ConfigurationError(`${option} is an option of the rule ${owner}, not of ${name}; leave it out`);
  }
}
