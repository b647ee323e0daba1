import { resolveBudgets } from "../../control/budgets.js";
import { loadUnits } from "../../control/duration.js";
import { resolvePlanSettings } from "../../control/plan-settings.js";
import { resolveSolver } from "../../inference/settings.js";
import { type Launch, type LaunchDocument, launchSchema } from "../../launch/launch.js";
import { ConfigurationError, describeIssues } from "../../policy/errors.js";
import type { Manifest } from "../../policy/manifest.js";
import type { ParameterValue } from "../graph.js";
import { unflatten, valueIn } from "./flatten.js";
import { leavesOf } from "./leaves.js";

/** What a change of parameters comes to. */
export type Change =
  | { readonly ok: true; readonly document: LaunchDocument; readonly launch: Launch }
  | {
      readonly ok: false;
      /** In one sentence, for the person who asked for it. */
      readonly reason: string;
    };

/** The policy that a node runs. */
export interface RunningPolicy {
  readonly manifest: Manifest;
  readonly isCalibrated: boolean;
}

/** What "auto" has looked for before the first tick: of no effect afterwards. */
const MEASURED = /^solver\.(slope|window|memory|pipelined|tolerance)$/;

/**
 * @param document the launch document in force.
 * @param changes parameters that are not of the launch file are left to others.
 * @param policy undefined before one is loaded: what depends on it is not looked at then.
 */
export type ChangeCheck = (
  document: LaunchDocument,
  changes: ReadonlyMap<string, ParameterValue>,
  policy: RunningPolicy | undefined,
) => Change;

/**
 * Makes what decides about changes of parameters. ROS wants the answer at once, so all that has to be loaded for it is
 * loaded here.
 *
 * ```ts
 * const checkChange = await changeCheck();
 * graph.parameters.guard((changes) => {
 *   const change = checkChange(document, changes, policy);
 *   if (!change.ok) return change.reason;
 *   document = change.document;
 *   return undefined;
 * });
 * ```
 */
export async function changeCheck(): Promise<ChangeCheck> {
  await loadUnits();
  return check;
}

function check(
  document: LaunchDocument,
  changes: ReadonlyMap<string, ParameterValue>,
  policy: RunningPolicy | undefined,
): Change {
  const refuse = (reason: string): Change => ({ ok: false, reason });
  const touched = leavesOf(document).filter((leaf) => {
    const value = changes.get(leaf.name);
    return value !== undefined && !isSame(value, valueIn(document, leaf));
  });
  const fixed = touched.find(({ isFixed }) => isFixed);
  if (fixed) {
    return refuse(
      `${fixed.name} is fixed while the node runs; change it in the launch file, or at the start with -p ${fixed.name}:=…`,
    );
  }
  const changed = unflatten(document, changes);
  const result = launchSchema.safeParse(changed);
  if (!result.success) return refuse(oneLine(describeIssues(result.error, changed)));
  const launch = result.data;
  if (policy && launch.solver.name === "auto" && document.solver?.name !== "auto") {
    return refuse(
      "solver.name auto measures all solvers before the first tick; name one, or set it at the start",
    );
  }
  const measured = touched.find(({ name }) => MEASURED.test(name));
  if (policy && launch.solver.name === "auto" && measured) {
    return refuse(`${measured.name} was what solver.name auto measured with; name a solver to change it`);
  }
  try {
    if (policy) tryOn(launch, policy);
  } catch (error) {
    if (error instanceof ConfigurationError) return refuse(oneLine(error.message));
    throw error;
  }
  return { ok: true, document: changed, launch };
}

/** @throws ConfigurationError where the launch does not fit the policy. */
function tryOn({ plan, budgets, solver }: Launch, { manifest, isCalibrated }: RunningPolicy): void {
  resolveBudgets(budgets, manifest, resolvePlanSettings(plan, manifest));
  resolveSolver(solver, isCalibrated);
}

function isSame(a: ParameterValue, b: ParameterValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b || (Number.isNaN(a) && Number.isNaN(b));
  return a.length === b.length && a.every((value, k) => value === b[k]);
}

function oneLine(message: string): string {
  return message.replace(/\n\s*/g, "; ");
}
