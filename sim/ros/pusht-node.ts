import type { RosGraph, RosService, RosSubscription } from "../../src/ros/graph.js";
import { COMMAND_QOS } from "../../src/ros/qos.js";
import type { Clock } from "../../src/time/clock.js";
import { Metronome } from "../../src/time/metronome.js";
import { PushTEnv } from "../pusht/env.js";
import { BoardTopics } from "./board-topics.js";
import { commandStamp, type Reading, readTargetPose, readTrajectory } from "./commands.js";
import { Episode, type RosEpisode } from "./episode.js";
import { forgetPlan } from "./forget-plan.js";
import { SimTime } from "./sim-time.js";

/** PushT's control period. */
const PERIOD_MS = 100;
/** Stamps are told in whole nanoseconds. */
const ROUNDING_MS = 1e-3;

export interface PushTNodeOptions {
  /** Of the first episode; the next ones count up. */
  readonly seed: number;
  /** How many to play; until it is closed, unless given. */
  readonly episodes?: number;
  /** Times the beats: monotonic. */
  readonly clock: Clock;
  /** Publish `/clock` and live by it, at so many times the wall's pace. */
  readonly rateFactor?: number;
  /** The service by which the policy forgets its plan, called before every episode. */
  readonly policyReset?: string;
  readonly onStep?: (episode: Episode) => void;
  readonly onEpisode?: (record: RosEpisode) => void;
}

/**
 * PushT as a node on a ROS graph, in real time at 10 Hz. At each beat it executes the control period that ends, with
 * the newest command that has come, and then shows the board. It goes on whether or not commands come; only before the
 * very first one it stands, since there is nobody yet to drive it.
 *
 * It publishes `agent_pose`, `block_pose`, `joint_states`, `image`, `/tf`, `/tf_static`, `~/coverage`, `~/score` and
 * `~/scene`, stamped with the ROS time of the beat; listens to `target_pose` and `joint_trajectory`; serves `~/reset`.
 *
 * @example
 * const world = new PushTNode(graph, { seed: 100_000, episodes: 10, clock });
 * world.start();
 * const records = await world.done;
 * world.close();
 */
export class PushTNode {
  /** Settles when all episodes are played, or when it is closed. Never rejects. */
  readonly done: Promise<readonly RosEpisode[]>;
  readonly #graph: RosGraph;
  readonly #options: PushTNodeOptions;
  readonly #time: SimTime | undefined;
  readonly #metronome: Metronome;
  readonly #env = new PushTEnv();
  readonly #topics: BoardTopics;
  readonly #inputs: readonly (RosSubscription | RosService)[];
  readonly #records: RosEpisode[] = [];
  #finish: (records: readonly RosEpisode[]) => void = () => {};
  #episode: Episode | undefined;
  #begun = 0;
  #isDriven = false;
  #isOver = false;

  constructor(graph: RosGraph, options: PushTNodeOptions) {
    this.#graph = graph;
    this.#options = options;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const { clock, rateFactor } = options;
    this.#time = rateFactor === undefined ? undefined : new SimTime(graph, clock, rateFactor);
    this.#metronome = new Metronome(this.#time ?? clock, PERIOD_MS, (_, late, skipped) =>
      this.#beat(late, skipped),
    );
    this.#topics = new BoardTopics(graph);
    this.#inputs = [
      graph.subscription("geometry_msgs/msg/PoseStamped", "target_pose", COMMAND_QOS, (message) =>
        this.#obey(message, readTargetPose, (episode, positions) => episode.aim(positions)),
      ),
      graph.subscription("trajectory_msgs/msg/JointTrajectory", "joint_trajectory", COMMAND_QOS, (message) =>
        this.#obey(message, readTrajectory, (episode, points, now) => episode.follow(points, now)),
      ),
      graph.service("std_srvs/srv/Trigger", "~/reset", () => this.#reset()),
    ];
  }

  /** Starts to play; to be called once. */
  start(): void {
    this.#topics.introduce(this.#now());
    this.#graph.log("info", "waiting for a first command on target_pose or joint_trajectory");
    this.#metronome.start();
    this.#time?.start();
    void this.#begin();
  }

  /** The world stands still, and so does `/clock`, if it is its own. */
  pause(): void {
    if (this.#time) this.#time.pause();
    else this.#metronome.stop();
  }

  resume(): void {
    if (this.#time) this.#time.resume();
    else if (!this.#isOver) this.#metronome.start();
  }

  /** Ends the episode under way, unfinished, and leaves the graph. */
  close(): void {
    if (!this.#isOver) this.#end();
    this.#time?.close();
    this.#topics.close();
    for (const input of this.#inputs) input.close();
  }

  /** ROS time, ms. */
  #now(): number {
    return this.#time?.now() ?? this.#graph.now();
  }

  async #begin(): Promise<void> {
    this.#episode = undefined;
    if (this.#records.length === this.#options.episodes) {
      this.#end();
      return;
    }
    const { policyReset, seed } = this.#options;
    if (policyReset !== undefined)
      await forgetPlan(this.#graph, policyReset, this.#begun === 0 ? "info" : "warn");
    if (this.#isOver) return;
    this.#episode = new Episode(this.#env, this.#begun + 1, seed + this.#begun);
    this.#begun += 1;
  }

  #beat(late: number, skipped: number): void {
    const episode = this.#episode;
    if (!episode) return;
    const at = this.#now() - late;
    let goesOn = true;
    if (episode.beganAt !== undefined && this.#isDriven) {
      if (skipped > 0) episode.note(`stood still for ${skipped} control periods`);
      goesOn = episode.execute(at);
      this.#options.onStep?.(episode);
    }
    this.#time?.tell();
    // First, so that a command that comes while the board is still being shown is one for what it shows.
    episode.shown(at, this.#options.clock.now());
    this.#topics.show(episode.sight, at);
    if (!goesOn) this.#close(episode);
  }

  #obey<Value>(
    message: unknown,
    read: (message: unknown, now: number) => Reading<Value>,
    execute: (episode: Episode, value: Value, now: number) => void,
  ): void {
    const episode = this.#episode;
    // Nothing has been shown yet that a command could answer.
    if (episode?.beganAt === undefined) return;
    const now = this.#now();
    const stamp = commandStamp(message);
    // It answers the episode before: of an older board, and on its way since.
    if (stamp !== undefined && stamp < episode.beganAt - ROUNDING_MS) return;
    const reading = read(message, now);
    if (!reading.ok) {
      if (episode.refused(reading.problem)) this.#graph.log("warn", `refused: ${reading.problem}`);
      return;
    }
    this.#isDriven = true;
    execute(episode, reading.value, now);
    episode.answered(this.#options.clock.now(), stamp === undefined ? undefined : now - stamp);
  }

  /** Answers std_srvs/Trigger. */
  #reset(): object {
    const episode = this.#episode;
    if (episode?.beganAt === undefined) {
      return { success: false, message: "an episode is about to begin anyway" };
    }
    const result = this.#close(episode);
    return { success: true, message: result };
  }

  /** Writes an episode down, if anything happened in it, and goes on to the next; says what came of it. */
  #close(episode: Episode): string {
    const record = episode.record();
    const { score, seed, success } = record;
    const result =
      `episode ${episode.number} (seed ${seed}): score ${score.toFixed(3)}` +
      `${success ? ", goal reached" : ""}, after ${episode.steps} steps`;
    this.#graph.log("info", result);
    if (episode.steps > 0) {
      this.#records.push(record);
      this.#options.onEpisode?.(record);
    }
    void this.#begin();
    return result;
  }

  #end(): void {
    this.#isOver = true;
    this.#metronome.stop();
    if (this.#episode && this.#episode.steps > 0) this.#records.push(this.#episode.record());
    this.#episode = undefined;
    this.#finish(this.#records);
  }
}
