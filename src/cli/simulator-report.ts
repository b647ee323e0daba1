import { animate } from "../../sim/image.js";
import type { StepEvent } from "../../sim/play.js";
import type { World } from "../../sim/world.js";
import { renderReport } from "../report/report.js";
import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { summarise } from "../telemetry/summary.js";
import type { ActionMessage, PolicyMessage } from "../transport/message.js";

/** A frame of the animation: the world with the present target and what is left of the plan; none if it draws nothing. */
export function frame(world: World, { action, message, step, progress, tick }: StepEvent): string[] {
  if (!world.render) return [];
  const caption = `step ${step}   progress ${progress.toFixed(2)}   sweeps ${tick?.sweeps ?? 0}`;
  return [world.render({ action, plan: message ? rowsFrom(message, step) : [], caption })];
}

function rowsFrom({ actions: { data, shape }, step: first }: ActionMessage, step: number): number[][] {
  const [rows, width] = shape;
  const row = (k: number) => Array.from(data.subarray(k * width, (k + 1) * width));
  return Array.from({ length: rows }, (_, k) => row(k)).slice(step - first);
}

/** The HTML page about a run of the simulator. */
export async function simulatorReport(
  pace: string,
  policy: PolicyMessage,
  episodes: readonly EpisodeRecord[],
  frames: readonly string[],
): Promise<string> {
  const { score_mean, sweeps, solve_ms, deadline_misses, held_steps, silent_steps } = summarise(episodes);
  const last = episodes[episodes.length - 1];
  const animationOf = async (pictures: readonly string[]) => ({
    mimeType: "image/gif",
    bytes: await animate(pictures, { fps: policy.rate_hz, size: 384 }),
    caption: `Episode ${episodes.length}, seed ${last.seed}: the cross is the present target, the dots the plan.`,
  });
  return renderReport({
    title: `Parapilot: ${policy.name}, ${pace}`,
    summary: [
      ["mean score", score_mean.toFixed(3)],
      ["sweeps per chunk", sweeps.mean.toFixed(1)],
      ["solve, median", `${solve_ms.p50.toFixed(0)} ms`],
      ["deadline misses", String(deadline_misses)],
      ["held steps", String(held_steps)],
      ["silent steps", String(silent_steps)],
    ],
    settings: [
      ["task", policy.task],
      ["pace", pace === "real-time" ? `real time, ${policy.rate_hz} Hz` : pace],
      ["solver", policy.solver],
      ["provider", policy.provider],
      ["budgets", policy.budgets],
      [
        "horizon",
        `${policy.horizon} steps, ${policy.n_action_steps} executed, ${policy.n_obs_steps} observed`,
      ],
      ["seeds", `${episodes[0].seed}–${last.seed}`],
    ],
    episodes,
    ...(frames.length > 0 ? { animation: await animationOf(frames) } : {}),
  });
}
