import type { LoopEvent, Rung, TickRecord } from "../telemetry/loop-event.js";
import { mean, quantile } from "../telemetry/statistics.js";
import type { StatusLine } from "./terminal.js";

/** The status line describes this many of the latest chunks. */
const RECENT_CHUNKS = 100;
/** What is said again for the same reason is printed again after this; all of it is counted and logged. */
const REPEAT_NOTICE_MS = 10_000;

/** Turns the node's events into a status line for a person. */
export function loopStatus(status: StatusLine, quiet: boolean): (event: LoopEvent) => void {
  const recent: TickRecord[] = [];
  const rungs = new Map<string, Rung>();
  const notedAt = new Map<string, number>();
  let refused = 0;
  let missed = 0;
  const notice = (about: string, text: string) => {
    const now = performance.now();
    if (now - (notedAt.get(about) ?? Number.NEGATIVE_INFINITY) < REPEAT_NOTICE_MS) return;
    notedAt.set(about, now);
    status.note(text);
  };
  const ticked = (tick: TickRecord) => {
    const { robot, rung, reason, episode, step } = tick;
    if (rungs.get(robot) !== rung) {
      const before = rungs.get(robot);
      rungs.set(robot, rung);
      if (rung !== "fresh") notice(rung, `step ${step}: ${rung}: ${reason}`);
      else if (before) notice("recovered", `step ${step}: fresh chunks again`);
    }
    if (tick.missed) missed += 1;
    if (tick.stages.solve !== undefined) recent.push(tick);
    if (recent.length > RECENT_CHUNKS) recent.shift();
    if (quiet || recent.length === 0) return;
    const solves = recent.map(({ stages }) => stages.solve ?? 0);
    status.show(
      `episode ${episode}  step ${step}  ${rung}  sweeps ${mean(recent.map(({ plan }) => plan?.sweeps ?? 0)).toFixed(1)}` +
        `  solve p50 ${quantile(solves, 0.5).toFixed(0)} ms  missed ${missed}  refused ${refused}`,
    );
  };
  return (event) => {
    if (event.kind === "tick") ticked(event);
    else if (event.kind === "worker") status.note(event.message);
    else if (event.kind === "joined" || event.kind === "left") {
      rungs.delete(event.robot);
      status.note(`robot ${event.robot} ${event.kind}`);
    } else if (event.kind === "refused") {
      refused += 1;
      notice(event.reason, `refused (${event.reason}): ${event.message}`);
    }
  };
}
