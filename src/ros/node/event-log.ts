import type { LoopEvent, Rung } from "../../telemetry/loop-event.js";
import type { RosGraph } from "../graph.js";

/** Writes to the node's log what a person at the robot wants to know: steps on the ladder with their reasons, and the worker. */
export function eventLog(log: RosGraph["log"]): (event: LoopEvent) => void {
  let last: Rung | undefined;
  let hasBeenFresh = false;
  let isHalted = false;
  const begin = () => {
    last = undefined;
    hasBeenFresh = false;
    isHalted = false;
  };
  return (event) => {
    switch (event.kind) {
      case "left":
      case "episode":
        begin();
        return;
      case "halt":
        isHalted = true;
        return;
      case "worker":
        log(event.state === "lost" ? "error" : "info", event.message);
        return;
      case "tick": {
        if (event.rung === last) return;
        const { rung, reason, step, missed } = event;
        last = rung;
        if (rung === "fresh") {
          log("info", `fresh chunks ${hasBeenFresh ? "again " : ""}from step ${step}`);
          hasBeenFresh = true;
          return;
        }
        // A stop that was asked for, or the wait for the first chunk of an episode.
        const isMeant = (rung === "stop" && isHalted) || (rung === "hold" && !missed);
        log(isMeant ? "info" : "warn", `${rung} at step ${step}: ${reason}`);
      }
    }
  };
}
