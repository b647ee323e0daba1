import type { Rule } from "../rules/rule.js";

/**
 * Steps that a first sweep evaluates; the surprises of the others are interpolated. Noisy levels respond little and
 * alike, clean ones must all be asked. Shares of the chain and strides are for 100 steps, by measurement on a PushT
 * policy; shorter chains are asked more densely, and those of 25 steps or fewer altogether.
 */
const STRIDES = [
  { until: 0.4, stride: 8 },
  { until: 0.7, stride: 3 },
  { until: 0.9, stride: 2 },
  { until: 1, stride: 1 },
];

/** [steps] 1 where a first sweep evaluates the step. The first and the last one always are. */
export function coarseSteps({ steps }: Rule): Uint8Array {
  const chosen = new Uint8Array(steps);
  let begin = 0;
  for (const { until, stride } of STRIDES) {
    const end = Math.round(until * steps);
    const apart = Math.max(1, Math.round((stride * steps) / 100));
    for (let i = begin; i < end; i += apart) chosen[i] = 1;
    begin = end;
  }
  chosen[0] = 1;
  chosen[steps - 1] = 1;
  return chosen;
}
