import type { LoopEvent, Rung, WorkerEvent } from "../../telemetry/loop-event.js";
import { type DiagnosticStatus, LEVEL, type Level } from "../diagnostics/diagnostic-status.js";
import type { LifecycleState } from "../health.js";

export interface StatusOptions {
  /** Name of the node. */
  readonly node: string;
  /** ROS time, ms. */
  readonly now: () => number;
  /** Must not block. */
  readonly publish: (message: DiagnosticStatus) => void;
}

const READY: Pick<WorkerEvent, "state" | "message"> = { state: "ready", message: "" };

/**
 * What `~/status` says: the state of the node, the rung of the ladder, the worker, the settings and the episode, once for
 * each change of one of them, with the reason. Whoever subscribes later gets the newest.
 *
 * ```ts
 * const publisher = graph.publisher("diagnostic_msgs/msg/DiagnosticStatus", "~/status", LATCHED_QOS);
 * const status = new Status({ node: "parapilot", now: () => graph.now(), publish: (message) => publisher.publish(message) });
 * status.lifecycle("inactive");
 * status.lifecycle("active");
 * status.watch(event); // "hold: no observation came"
 * ```
 */
export class Status {
  readonly #options: StatusOptions;
  #policy = "";
  #state: LifecycleState = "unconfigured";
  /** Why the state is not the one that was asked for. */
  #failure = "";
  #rung: Rung | undefined;
  #reason = "";
  #isMissed = false;
  /** It was told to stop. */
  #isHalted = false;
  #worker = READY;
  #settings = "";
  #episode: number | undefined;

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  /** @param failure why a transition led here and not to where it was to lead, if it did. */
  lifecycle(state: LifecycleState, failure = ""): void {
    if (state === this.#state && failure === this.#failure) return;
    this.#state = state;
    this.#failure = failure;
    this.#rung = undefined;
    this.#reason = "";
    this.#isHalted = false;
    this.#episode = undefined;
    if (state === "unconfigured") this.#worker = READY;
    this.#publish(`state ${state}`);
  }

  /** @param settings in words: solver, budgets. Published when they are others than before. */
  settings(policy: string, settings: string): void {
    if (policy === this.#policy && settings === this.#settings) return;
    this.#policy = policy;
    this.#settings = settings;
    this.#publish("settings");
  }

  watch(event: LoopEvent): void {
    switch (event.kind) {
      case "tick":
        if (event.rung === this.#rung) return;
        this.#rung = event.rung;
        // That of the first step on the rung; it goes on to change with every step, as ages grow.
        this.#reason = event.reason;
        this.#isMissed = event.missed;
        this.#publish(`rung ${event.rung}`);
        return;
      case "halt":
        this.#isHalted = true;
        return;
      case "worker":
        if (event.state === this.#worker.state && event.message === this.#worker.message) return;
        this.#worker = event;
        this.#publish(`worker ${event.state}`);
        return;
      case "episode":
        if (event.episode === this.#episode) return;
        this.#episode = event.episode;
        this.#publish(`episode ${event.episode}`);
    }
  }

  #publish(change: string): void {
    const { node, now, publish } = this.#options;
    const values = {
      change,
      "at ROS time": `${(now() / 1000).toFixed(3)} s`,
      state: this.#state,
      rung: this.#rung ?? "none yet",
      reason: this.#reason,
      worker: this.#worker.state,
      episode: this.#episode === undefined ? "none yet" : `${this.#episode}`,
      settings: this.#settings,
    };
    publish({
      ...this.#summary(),
      name: `${node}: status`,
      hardware_id: this.#policy,
      values: Object.entries(values).map(([key, value]) => ({ key, value })),
    });
  }

  #summary(): { level: Level; message: string } {
    if (this.#failure) return { level: LEVEL.error, message: `${this.#state}: ${this.#failure}` };
    if (this.#worker.state === "lost" && this.#state !== "unconfigured") {
      return {
        level: Math.max(LEVEL.warn, this.#level()) as Level,
        message: `${this.#rung ?? this.#state}: the worker was lost: ${this.#worker.message}`,
      };
    }
    if (this.#state !== "active") return { level: LEVEL.ok, message: this.#state };
    if (this.#rung === undefined)
      return { level: LEVEL.ok, message: "active: waits for the first observation" };
    const message = this.#rung === "fresh" ? "fresh chunks" : `${this.#rung}: ${this.#reason}`;
    return { level: this.#level(), message };
  }

  /** Of the rung. */
  #level(): Level {
    switch (this.#rung) {
      case undefined:
      case "fresh":
        return LEVEL.ok;
      case "iterate":
      case "rest":
        return LEVEL.warn;
      case "hold":
        // A robot that waits for the first chunk of its episode is held, and misses nothing.
        return this.#isMissed ? LEVEL.error : LEVEL.ok;
      case "stop":
        return this.#isHalted ? LEVEL.ok : LEVEL.error;
    }
  }
}
