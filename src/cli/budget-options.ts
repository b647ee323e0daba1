import { Option } from "commander";
import type { BudgetSettings } from "../control/budgets.js";
import { parseDuration } from "../control/duration.js";

export interface BudgetFlags {
  readonly budgetSolve?: string;
  readonly budgetObservationAge?: string;
  readonly budgetHold?: string;
}

export const budgetOptions = [
  new Option("--budget-solve <time>", 'from an observation to its action, e.g. "40 ms"; "0 ms" for none'),
  new Option("--budget-observation-age <time>", "the oldest observation that an action may derive from"),
  new Option("--budget-hold <time>", "how long the last action is held before a controlled stop"),
];

/** A launch, or whatever has budgets, with those that were given on the command line. */
export async function withBudgets<T extends { readonly budgets: BudgetSettings }>(
  launch: T,
  flags: BudgetFlags,
): Promise<T> {
  return { ...launch, budgets: { ...launch.budgets, ...(await budgetsFrom(flags)) } };
}

/** The budgets that were given on the command line. */
export async function budgetsFrom(flags: BudgetFlags): Promise<BudgetSettings> {
  const given = {
    solve: ["--budget-solve", flags.budgetSolve],
    max_observation_age: ["--budget-observation-age", flags.budgetObservationAge],
    hold: ["--budget-hold", flags.budgetHold],
  } as const;
  const budgets: Record<string, number | null> = {};
  for (const [name, [option, text]] of Object.entries(given)) {
    if (text !== undefined) budgets[name] = await parseDuration(option, text);
  }
  return budgets;
}
