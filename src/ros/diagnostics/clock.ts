import type { ClockHealth } from "../health.js";
import { type Complaint, duration, type Finding, judge, LEVEL } from "./diagnostic-status.js";

const SECOND_MS = 1000;

/** How `/clock` is doing, for /diagnostics. */
export function clockFinding({ rosMs, silentMs, jumpsBack }: ClockHealth): Finding {
  const at = `${(rosMs / 1000).toFixed(3)} s`;
  const complaints: Complaint[] = [];
  if (silentMs === undefined) {
    const text =
      "use_sim_time is set, but nothing has come on /clock: start what publishes it, or set use_sim_time to false";
    complaints.push({ level: LEVEL.error, text });
  } else if (silentMs > SECOND_MS) {
    const text = `/clock stands still at ${at} for ${duration(silentMs)}: its publisher is paused or gone; time goes on with it`;
    complaints.push({ level: LEVEL.warn, text });
  }
  return {
    ...judge(complaints, `/clock is at ${at}`),
    values: [
      ["ROS time", at],
      ["since the last /clock", duration(silentMs)],
      ["times set back", `${jumpsBack}`],
    ],
  };
}
