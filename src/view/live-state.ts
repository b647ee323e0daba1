import type { LoopEvent } from "../telemetry/loop-event.js";
import { RobotState } from "./robot-state.js";

/** Robots that are kept at once; one that left makes room first. */
const MOST_ROBOTS = 16;
const MOST_REASONS = 32;

/** What the page shows, kept up to date from the loop's events, and written out only when someone looks. */
export class LiveState {
  readonly #robots = new Map<string, RobotState>();
  readonly #refusals = new Map<string, { count: number; at: number; message: string }>();
  readonly #sent = new Map<string, number>();
  #worker = { state: "ready" as "ready" | "lost", at: 0, message: "", losses: 0 };

  get robots(): string[] {
    return [...this.#robots.values()].filter((robot) => !robot.hasLeft).map((robot) => robot.name);
  }

  get worker(): "ready" | "lost" {
    return this.#worker.state;
  }

  watch(event: LoopEvent): void {
    if (event.kind === "worker") {
      const losses = this.#worker.losses + (event.state === "lost" ? 1 : 0);
      this.#worker = { state: event.state, at: event.at, message: event.message, losses };
      return;
    }
    if (event.kind === "refused") {
      const count = this.#refusals.get(event.reason)?.count ?? 0;
      if (count === 0 && this.#refusals.size >= MOST_REASONS) return;
      this.#refusals.set(event.reason, { count: count + 1, at: event.at, message: event.message });
      return;
    }
    if (event.kind !== "settings") this.#robot(event.robot)?.watch(event);
  }

  /** Everything, for a page that has just been opened. */
  whole(at: number) {
    return this.#frame(at, () => 0);
  }

  /** What came since the last call; where nothing came, the state alone. */
  news(at: number) {
    const frame = this.#frame(at, (robot) => this.#sent.get(robot) ?? 0);
    for (const robot of this.#robots.values()) this.#sent.set(robot.name, robot.nextTick);
    return frame;
  }

  #frame(at: number, from: (robot: string) => number) {
    return {
      at,
      worker: this.#worker,
      refusals: [...this.#refusals].map(([reason, refusal]) => ({ reason, ...refusal })),
      robots: [...this.#robots.values()].map((robot) => robot.toFrame(from(robot.name))),
    };
  }

  #robot(name: string): RobotState | undefined {
    const known = this.#robots.get(name);
    if (known) return known;
    if (this.#robots.size >= MOST_ROBOTS) {
      const gone = [...this.#robots.values()].find((robot) => robot.hasLeft);
      if (!gone) return undefined;
      this.#robots.delete(gone.name);
      this.#sent.delete(gone.name);
    }
    const robot = new RobotState(name);
    this.#robots.set(name, robot);
    return robot;
  }
}
