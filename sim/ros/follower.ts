import { type Setpoint, Trajectory, type Waypoint } from "./trajectory.js";

/**
 * What a position-controlled robot has been told, and so where it goes: the newest command replaces those before it,
 * and is kept until the next. Positions in metres, times in ms of ROS time.
 *
 * @example
 * const follower = new Follower([0.1, 0.2]);
 * follower.follow(points, now);
 * follower.at(now + 100).positions;
 */
export class Follower {
  #at: (at: number) => Setpoint;

  /** @param positions where the robot stands, which it keeps until it is told something. */
  constructor(positions: readonly number[]) {
    this.#at = () => standing(positions);
  }

  /** Sends it to a position, as fast as it can go. */
  aim(positions: readonly number[]): void {
    this.#at = () => standing(positions);
  }

  /** Sends it along points, from what it is told at the moment. */
  follow(points: readonly Waypoint[], now: number): void {
    const { positions, velocities } = this.#at(now);
    const trajectory = new Trajectory({ at: now, positions, velocities }, points);
    this.#at = (at) => trajectory.sample(at);
  }

  /** What it is told to be doing at a moment. `isOver`: nothing newer than what it does already. */
  at(at: number): Setpoint {
    return this.#at(at);
  }
}

function standing(positions: readonly number[]): Setpoint {
  return { positions, velocities: positions.map(() => 0), isOver: true };
}
