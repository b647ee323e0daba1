import { z } from "zod";
import { ConfigurationError } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";
import { durationSchema } from "./duration.js";
import type { PlanSettings } from "./plan-settings.js";

/** Budgets as a person writes them, under `budgets` in a launch file. "0 ms" switches a budget off. */
export const budgetsSchema = z.strictObject({
  tick: durationSchema.optional().describe("the control period; the policy's own if left out"),
  solve: durationSchema
    .optional()
    .describe("from an observation to its action at the latest (default: none)"),
  max_observation_age: durationSchema
    .optional()
    .describe("no action derives from an older observation (default: as far as a chunk reaches)"),
  hold: durationSchema
    .optional()
    .describe("how long the last action is held before a controlled stop (500 ms)"),
});

export type BudgetSettings = z.infer<typeof budgetsSchema>;

/** What may take how long, in milliseconds; null is off. */
export interface Budgets {
  /** The control period. */
  readonly tick: number;
  readonly solve: number | null;
  readonly maxObservationAge: number | null;
  readonly hold: number | null;
}

const positive = z.number().positive();

/** {@link Budgets} as a recording holds them. */
export const resolvedBudgetsSchema: z.ZodType<Budgets> = z.strictObject({
  tick: positive,
  solve: positive.nullable(),
  maxObservationAge: positive.nullable(),
  hold: z.number().nonnegative().nullable(),
});

const HOLD_MS = 500;

/** How far a written period may be off the policy's, which is stated in hertz: 33.3 ms is 30 Hz. */
const PERIOD_ROUNDING = 0.01;

/**
 * Budgets with what depends on the policy filled in, and consistent with each other.
 *
 * @throws ConfigurationError naming the budget, what it is and what it would have to be.
 */
export function resolveBudgets(settings: BudgetSettings, manifest: Manifest, plan: PlanSettings): Budgets {
  const { rate_hz, horizon, n_obs_steps } = manifest;
  const tick = 1000 / rate_hz;
  const complain = (message: string): never => {
    throw new ConfigurationError(`budgets.${message}`);
  };
  const written = settings.tick;
  if (written !== undefined && !(Math.abs((written ?? 0) - tick) <= PERIOD_ROUNDING * tick)) {
    complain(
      `tick is ${inMs(written)}, but policy "${manifest.name}" was trained for ${rate_hz} Hz: write ${inMs(tick)}, or leave it out`,
    );
  }
  const solve = settings.solve ?? null;
  const reach = horizon - n_obs_steps + 1;
  const maxObservationAge =
    settings.max_observation_age === undefined ? reach * tick + (solve ?? 0) : settings.max_observation_age;
  const lastExecuted = plan.execute + plan.ahead - 1;
  const oldest = lastExecuted * tick + (solve ?? 0);
  if (maxObservationAge !== null && maxObservationAge < oldest) {
    complain(
      `max_observation_age is ${inMs(maxObservationAge)}, but the last of the steps executed from a chunk comes ${inMs(lastExecuted * tick)} ` +
        `after its observation, and solving may take ${inMs(solve ?? 0)}: allow at least ${inMs(oldest)}, or execute fewer steps (plan.execute)`,
    );
  }
  const hold = settings.hold === undefined ? HOLD_MS : settings.hold;
  return { tick, solve, maxObservationAge, hold };
}

/** What is worth knowing of budgets that are sound but not at their best, in words for a person. */
export function adviceOn({ tick, solve }: Budgets, plan: PlanSettings): string | undefined {
  if (plan.overlap === "none" || (solve !== null && solve <= plan.ahead * tick)) return undefined;
  const longest = solve === null ? "as long as it likes" : inMs(solve);
  return (
    `a solve may take ${longest}, but is begun only ${plan.ahead} steps (${inMs(plan.ahead * tick)}) ahead: ` +
    "a robot in real time then goes on with the rest of the older chunk; lower budgets.solve, or raise plan.ahead"
  );
}

/** One line for a person. */
export function describeBudgets({ tick, solve, maxObservationAge, hold }: Budgets): string {
  const age =
    maxObservationAge === null
      ? "observations of any age"
      : `observations up to ${inMs(maxObservationAge)} old`;
  return `tick ${inMs(tick)}, solve ${inMs(solve)}, ${age}, hold ${inMs(hold)}`;
}

function inMs(value: number | null): string {
  return value === null ? "off" : `${Number(value.toFixed(1))} ms`;
}
