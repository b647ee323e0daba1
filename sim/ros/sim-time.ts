import type { RosGraph, RosPublisher } from "../../src/ros/graph.js";
import { COMMAND_QOS } from "../../src/ros/qos.js";
import { msToStamp } from "../../src/ros/stamp.js";
import type { Clock } from "../../src/time/clock.js";
import { Metronome } from "../../src/time/metronome.js";
import { SimulatedClock } from "../../src/time/simulated-clock.js";

/** Simulated time is told at least so often, in ms of itself and of the wall: alarms on the other side ring no later. */
const RESOLUTION_MS = 10;
/** Where it begins: 0 would say that there is no time yet. */
const START_MS = 10_000;

/**
 * The time of a simulated world, told to the graph on `/clock`. It passes at a multiple of the wall's pace, and stands
 * still, rather than leap, while this process does.
 *
 * @example
 * const time = new SimTime(graph, clock, 0.5);
 * time.alarm(10_100, () => console.log(time.now())); // 10100, 200 ms after the start
 * time.start();
 */
export class SimTime implements Clock {
  readonly #clock = new SimulatedClock(START_MS);
  readonly #publisher: RosPublisher;
  readonly #metronome: Metronome;
  readonly #stepMs: number;
  #steps = 0;
  #isPaused = false;
  #told = Number.NaN;

  /**
   * @param wall times it.
   * @param rateFactor simulated per real time, positive.
   */
  constructor(graph: RosGraph, wall: Clock, rateFactor: number) {
    this.#publisher = graph.publisher("rosgraph_msgs/msg/Clock", "/clock", COMMAND_QOS);
    const tickMs = RESOLUTION_MS / Math.max(1, rateFactor);
    this.#stepMs = tickMs * rateFactor;
    this.#metronome = new Metronome(wall, tickMs, () => this.#tick());
  }

  now(): number {
    return this.#clock.now();
  }

  alarm(at: number, ring: () => void): () => void {
    return this.#clock.alarm(at, ring);
  }

  start(): void {
    this.#metronome.start();
  }

  /** Time stands still, and is told all the same, as simulators do. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Publishes the present moment, unless it is known: to be called before what is stamped with it. */
  tell(): void {
    if (this.#told !== this.now()) this.#publish();
  }

  close(): void {
    this.#metronome.stop();
    this.#publisher.close();
  }

  #tick(): void {
    if (this.#isPaused) {
      this.#publish();
      return;
    }
    this.#clock.advanceTo(START_MS + this.#steps * this.#stepMs);
    this.#steps += 1;
    this.tell();
  }

  #publish(): void {
    this.#told = this.now();
    this.#publisher.publish({ clock: msToStamp(this.#told) });
  }
}
