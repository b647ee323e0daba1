import type { EpisodeRecord } from "../../src/telemetry/episode-record.js";
import { Chronicle } from "../chronicle.js";
import type { PushTEnv } from "../pusht/env.js";
import { PIXELS_PER_METRE } from "./board.js";
import type { Sight } from "./board-topics.js";
import { Follower } from "./follower.js";
import type { Waypoint } from "./trajectory.js";

/** An episode as the robot's side saw it. */
export interface RosEpisode extends EpisodeRecord {
  /** On arrival, by their own stamps, ms; one per command that had a stamp. */
  readonly agesMs: readonly number[];
  /** Commands that could not be executed. */
  readonly refusals: number;
}

/** One episode: the board, the robot on it, and what is written down. Times are ms, ROS time unless said otherwise. */
export class Episode {
  readonly #env: PushTEnv;
  readonly #chronicle = new Chronicle();
  readonly #roundTripsMs: number[] = [];
  readonly #agesMs: number[] = [];
  readonly #problems = new Set<string>();
  readonly #follower: Follower;
  #sight: Sight;
  #step = 0;
  #refusals = 0;
  /** When the board was last shown, on the wall's clock. */
  #shownMs = 0;
  #beganAt: number | undefined;
  #isAnswered = false;

  constructor(
    env: PushTEnv,
    readonly number: number,
    readonly seed: number,
  ) {
    this.#env = env;
    const { coverage } = env.reset({ seed }).info;
    this.#sight = this.#look(coverage, 0);
    const [x, y] = this.#sight.state;
    this.#follower = new Follower([x / PIXELS_PER_METRE, y / PIXELS_PER_METRE]);
  }

  get sight(): Sight {
    return this.#sight;
  }

  /** Control steps executed. */
  get steps(): number {
    return this.#step;
  }

  /** When the board was first shown; undefined before. */
  get beganAt(): number | undefined {
    return this.#beganAt;
  }

  /** The board is being shown. */
  shown(at: number, wallMs: number): void {
    this.#beganAt ??= at;
    this.#shownMs = wallMs;
    this.#isAnswered = false;
  }

  aim(positions: readonly number[]): void {
    this.#follower.aim(positions);
  }

  follow(points: readonly Waypoint[], now: number): void {
    this.#follower.follow(points, now);
  }

  /** A command has come and will be executed. @param ageMs by its stamp, where it has one. */
  answered(wallMs: number, ageMs: number | undefined): void {
    if (ageMs !== undefined) this.#agesMs.push(ageMs);
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#roundTripsMs.push(wallMs - this.#shownMs);
  }

  /** A command cannot be executed. Gives whether that is news: a problem that differs in more than its figures. */
  refused(problem: string): boolean {
    this.#refusals += 1;
    const kind = problem.replaceAll(/-?\d+(\.\d+)?/g, "#");
    if (this.#problems.has(kind)) return false;
    this.#problems.add(kind);
    this.note(`refused a command: ${problem}`);
    return true;
  }

  note(what: string): void {
    this.#chronicle.note(this.#step, what);
  }

  /** Executes the control period that ends at a moment; whether the episode goes on. */
  execute(at: number): boolean {
    const { positions, isOver } = this.#follower.at(at);
    if (this.#isAnswered) this.#chronicle.commanded(this.#step);
    else this.#chronicle.silent(this.#step, !isOver);
    const action = positions.map((p) => p * PIXELS_PER_METRE);
    const { reward, terminated, truncated, info } = this.#env.step(action);
    const { coverage, progress } = info;
    const isHeld = isOver && !this.#isAnswered;
    this.#chronicle.executed(action, isHeld, { reward, terminated, truncated, progress });
    this.#sight = this.#look(coverage, Math.max(this.#sight.score, reward));
    this.#step += 1;
    return !(terminated || truncated);
  }

  record(): RosEpisode {
    return {
      ...this.#chronicle.record(this.number, this.seed),
      roundTripsMs: this.#roundTripsMs,
      agesMs: this.#agesMs,
      refusals: this.#refusals,
    };
  }

  #look(coverage: number, score: number): Sight {
    return { state: this.#env.state(), velocity: this.#env.agentVelocity(), coverage, score };
  }
}
