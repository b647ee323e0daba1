import { Option } from "commander";
import { type PlanSettingsInput, planSettingsSchema } from "../control/plan-settings.js";
import { checked } from "../policy/errors.js";
import { wholeNumber } from "./options.js";

export interface PlanFlags {
  readonly execute?: number;
  readonly overlap?: string;
  readonly ahead?: number;
  readonly blend: string;
  readonly blendSteps?: number;
}

export const planOptions = [
  new Option("--execute <steps>", "steps executed of each chunk (default: the policy's)").argParser(
    wholeNumber(1),
  ),
  new Option("--overlap <kind>", "begin a chunk before the one in hand is used up").choices([
    "none",
    "freeze",
    "predict",
  ]),
  new Option("--ahead <steps>", "so many steps before").argParser(wholeNumber(1)),
  new Option("--blend <kind>", "how a chunk takes over from the one before")
    .choices(["none", "linear", "quintic"])
    .default("none"),
  new Option("--blend-steps <steps>", "over so many steps").argParser(wholeNumber(1)),
];

export function planFrom({ execute, overlap, ahead, blend, blendSteps }: PlanFlags): PlanSettingsInput {
  const given = Object.entries({ execute, overlap, ahead, blend, blend_steps: blendSteps });
  return checked(planSettingsSchema, Object.fromEntries(given.filter(([, value]) => value !== undefined)));
}
