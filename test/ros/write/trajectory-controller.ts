import { type Stamp, stampToMs } from "../../../src/ros/stamp.js";

/** What the writer makes, as far as a controller looks at it. */
export interface JointTrajectory {
  readonly header: { readonly stamp: Stamp; readonly frame_id: string };
  readonly joint_names: readonly string[];
  readonly points: readonly {
    readonly positions: readonly number[];
    readonly velocities: readonly number[];
    readonly time_from_start: Stamp;
  }[];
}

export interface Desired {
  /** ms. */
  readonly time: number;
  readonly position: number;
  /** Per second. */
  readonly velocity: number;
}

/** When each point of a trajectory is reached, and how, of one joint. */
export function pointsOf({ header, points }: JointTrajectory, joint = 0): Desired[] {
  return points.map(({ positions, velocities, time_from_start }) => ({
    time: stampToMs(header.stamp) + stampToMs(time_from_start),
    position: positions[joint],
    velocity: velocities[joint],
  }));
}

/**
 * One joint as ros2_controllers' joint_trajectory_controller moves it: a trajectory replaces the one before as it arrives; until
 * its first point the joint goes on from its desired state of that moment, or, where that point lies in the past, jumps in
 * between the points; between two states it moves along the cubic that their positions and velocities make; behind the
 * last point it stands.
 */
export class TrajectoryController {
  #arrival: Desired;
  #points: readonly Desired[] = [];

  constructor(position: number, time: number) {
    this.#arrival = { time, position, velocity: 0 };
  }

  accept(trajectory: JointTrajectory, now: number): void {
    this.#arrival = { ...this.at(now), time: now };
    this.#points = pointsOf(trajectory);
  }

  at(now: number): Desired {
    const states = [this.#arrival, ...this.#points];
    const next = states.findIndex(({ time }) => time > now);
    if (next < 0) return { ...states[states.length - 1], time: now, velocity: 0 };
    return between(states[Math.max(0, next - 1)], states[next], now);
  }
}

/** On the cubic from one state to another. */
function between(a: Desired, b: Desired, time: number): Desired {
  const length = (b.time - a.time) / 1000;
  const t = (time - a.time) / 1000;
  const rise = b.position - a.position;
  const c2 = (3 * rise) / length ** 2 - (2 * a.velocity + b.velocity) / length;
  const c3 = (-2 * rise) / length ** 3 + (a.velocity + b.velocity) / length ** 2;
  return {
    time,
    position: a.position + t * (a.velocity + t * (c2 + t * c3)),
    velocity: a.velocity + t * (2 * c2 + 3 * c3 * t),
  };
}
