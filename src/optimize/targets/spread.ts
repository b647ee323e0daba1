import type { GroupNorm } from "../layers.js";

/** [groups, channels]: the scale of a channel in the row of its group, zeros elsewhere. */
export function spreadOverGroups({ groups, scale }: GroupNorm, channels: number, sign: 1 | -1): Float64Array {
  const spread = new Float64Array(groups * channels);
  const size = channels / groups;
  for (let c = 0; c < channels; c++) spread[Math.floor(c / size) * channels + c] = sign * scale[c];
  return spread;
}
