import type { Logger } from "../telemetry/log.js";
import type { LoopEvent, Rung } from "../telemetry/loop-event.js";

/** Events that happen at every control step; the recording has them. */
const FREQUENT: ReadonlySet<LoopEvent["kind"]> = new Set([
  "observation",
  "order",
  "solve",
  "alarm",
  "candidate",
]);

/** Writes what a person wants to read later: who came and went, what was refused, and every step on the ladder. */
export function logger(log: Logger): (event: LoopEvent) => void {
  const rungs = new Map<string, Rung>();
  return (event) => {
    if (FREQUENT.has(event.kind)) return;
    if (event.kind === "left") rungs.delete(event.robot);
    if (event.kind !== "tick") {
      log.info(event, event.kind);
      return;
    }
    const { robot, episode, step, rung, reason } = event;
    if (rungs.get(robot) === rung) return;
    rungs.set(robot, rung);
    const level = rung === "fresh" ? "info" : "warn";
    log[level]({ at: event.at, robot, episode, step, rung, reason }, "rung");
  };
}
