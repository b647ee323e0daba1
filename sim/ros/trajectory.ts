/** A point of a trajectory, or what was commanded before it. */
export interface Waypoint {
  /** ROS time, ms. */
  readonly at: number;
  /** One per joint. */
  readonly positions: readonly number[];
  /** Per second; undefined where nobody says. */
  readonly velocities: readonly number[] | undefined;
}

/** What a trajectory commands at a moment. */
export interface Setpoint {
  readonly positions: readonly number[];
  readonly velocities: readonly number[];
  /** The last point is behind: its positions are held. */
  readonly isOver: boolean;
}

/**
 * What ros2_control's joint_trajectory_controller makes of waypoints: a cubic between two that both have velocities, a
 * straight line otherwise; the way to the first point leads from what was commanded before; the last point is held.
 *
 * @example
 * const trajectory = new Trajectory(before, points);
 * trajectory.sample(now).positions;
 */
export class Trajectory {
  readonly #waypoints: readonly Waypoint[];

  /**
   * @param before what was commanded when the trajectory came; left out where the first point is behind it.
   * @param points at least one, each later than the one before.
   */
  constructor(before: Waypoint, points: readonly Waypoint[]) {
    this.#waypoints = before.at < points[0].at ? [before, ...points] : points;
  }

  sample(at: number): Setpoint {
    const next = this.#waypoints.findIndex((point) => point.at > at);
    if (next < 0) return still(this.#waypoints[this.#waypoints.length - 1], true);
    if (next === 0) return still(this.#waypoints[0], false);
    return between(this.#waypoints[next - 1], this.#waypoints[next], at);
  }
}

function still({ positions }: Waypoint, isOver: boolean): Setpoint {
  return { positions, velocities: positions.map(() => 0), isOver };
}

function between(from: Waypoint, to: Waypoint, at: number): Setpoint {
  const seconds = (to.at - from.at) / 1000;
  const s = (at - from.at) / (to.at - from.at);
  const positions: number[] = [];
  const velocities: number[] = [];
  from.positions.forEach((p, joint) => {
    const step = to.positions[joint] - p;
    if (!from.velocities || !to.velocities) {
      positions.push(p + s * step);
      velocities.push(step / seconds);
      return;
    }
    // Hermite's cubic p + a·s + b·s² + c·s³.
    const a = from.velocities[joint] * seconds;
    const end = to.velocities[joint] * seconds;
    const b = 3 * step - 2 * a - end;
    const c = a + end - 2 * step;
    positions.push(p + s * (a + s * (b + s * c)));
    velocities.push((a + s * (2 * b + s * 3 * c)) / seconds);
  });
  return { positions, velocities, isOver: false };
}
