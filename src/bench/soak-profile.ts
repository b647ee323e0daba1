import { PauseWatch } from "../profile/pause-watch.js";
import { Profile, type ProfileSettings } from "../profile/profile.js";
import { type LoopEvent, RUNGS, type Rung } from "../telemetry/loop-event.js";

/** What a long run came to, as the profile counts. */
export interface SoakFigures {
  /** Actions that went out. */
  readonly ticks: number;
  readonly silent_ticks: number;
  readonly missed: number;
  readonly unsafe_actions: number;
  /** The first that was unsafe, in words; empty when none was. */
  readonly unsafe: string;
  readonly ladder: Readonly<Record<Rung, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly workers_lost: number;
}

/**
 * Profiles a run of any length piece by piece, because one profile keeps figures of all of its ticks. Between a pause and
 * the next episode nothing counts: a paced robot's clock goes on while nobody plays.
 */
export class SoakProfile {
  readonly #settings: ProfileSettings;
  readonly #pauses = new PauseWatch((pause) => this.#piece?.paused(pause));
  readonly #ladder = Object.fromEntries(RUNGS.map((rung) => [rung, 0])) as Record<Rung, number>;
  readonly #refused: Record<string, number> = {};
  #piece: Profile | undefined;
  #ticks = 0;
  #silent = 0;
  #missed = 0;
  #unsafeActions = 0;
  #unsafe = "";
  #workersLost = 0;

  constructor(settings: ProfileSettings) {
    this.#settings = settings;
  }

  watch(event: LoopEvent): void {
    if (event.kind === "episode") this.#piece ??= new Profile(this.#settings);
    if (event.kind === "worker" && event.state === "lost") this.#workersLost += 1;
    this.#piece?.watch(event);
  }

  /** Ends a piece; the next one begins with the next episode. */
  pause(): void {
    const piece = this.#piece?.finish({ score: null, settings: {}, eventLoop: null });
    this.#piece = undefined;
    if (!piece) return;
    this.#ticks += piece.ticks;
    this.#silent += piece.silent_ticks;
    this.#missed += piece.missed;
    this.#unsafeActions += piece.unsafe_actions;
    this.#unsafe ||= piece.unsafe[0] ?? "";
    for (const rung of RUNGS) this.#ladder[rung] += piece.ladder[rung];
    for (const [reason, count] of Object.entries(piece.refused))
      this.#refused[reason] = (this.#refused[reason] ?? 0) + count;
  }

  finish(): SoakFigures {
    this.pause();
    this.#pauses.stop();
    return {
      ticks: this.#ticks,
      silent_ticks: this.#silent,
      missed: this.#missed,
      unsafe_actions: this.#unsafeActions,
      unsafe: this.#unsafe,
      ladder: this.#ladder,
      refused: this.#refused,
      workers_lost: this.#workersLost,
    };
  }
}
