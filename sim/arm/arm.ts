import type { Simulation } from "../mujoco/simulation.js";
import { matrixToQuaternion } from "../rotation/matrix.js";
import { ARM_JOINTS, FINGER_JOINTS, FINGER_TRAVEL, GRIP_SITE, HOME, TORQUE_LIMITS } from "./model.js";
import { OperationalSpace } from "./operational-space.js";
import type { Pose } from "./pose.js";
import { Reference } from "./reference.js";

/** m/s per finger */
const FINGER_SPEED = 0.1;
const N = ARM_JOINTS.length;

/**
 * The arm of `armModel` in a simulation: takes a target pose per control step and drives motors and fingers at every physics
 * step.
 */
export class Arm {
  readonly #simulation: Simulation;
  readonly #control = new OperationalSpace(HOME);
  readonly #joints: readonly { readonly position: number; readonly velocity: number }[];
  readonly #fingers: readonly { readonly position: number; readonly velocity: number }[];
  readonly #motors: readonly number[];
  readonly #fingerMotors: readonly number[];
  readonly #site: number;
  readonly #allMass: Float64Array;
  readonly #allJacobian: Float64Array;
  readonly #position = new Float64Array(N);
  readonly #velocity = new Float64Array(N);
  readonly #bias = new Float64Array(N);
  readonly #mass = new Float64Array(N * N);
  readonly #jacobian = new Float64Array(6 * N);
  readonly #torques = new Float64Array(N);
  #reference: Reference | undefined;
  #opening = FINGER_TRAVEL;
  #grip = -1;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#joints = ARM_JOINTS.map((name) => simulation.joint(name));
    this.#fingers = FINGER_JOINTS.map((name) => simulation.joint(name));
    this.#motors = ARM_JOINTS.map((name) => simulation.id("actuator", name));
    this.#fingerMotors = FINGER_JOINTS.map((name) => simulation.id("actuator", name));
    this.#site = simulation.id("site", GRIP_SITE);
    this.#allMass = new Float64Array(simulation.dofs ** 2);
    this.#allJacobian = new Float64Array(6 * simulation.dofs);
  }

  /** Puts the joints [7] where they are to start, the fingers open; nothing moves. */
  place(joints: readonly number[]): void {
    const qpos = this.#simulation.state("qpos");
    this.#joints.forEach(({ position }, k) => {
      qpos[position] = joints[k];
    });
    this.#fingers.forEach(({ position }, k) => {
      qpos[position] = k === 0 ? FINGER_TRAVEL : -FINGER_TRAVEL;
    });
    this.#reference = undefined;
    this.#opening = FINGER_TRAVEL;
    this.#grip = -1;
  }

  /** Where the grip is. */
  pose(): Pose {
    const simulation = this.#simulation;
    const [x, y, z] = simulation.state("site_xpos").subarray(3 * this.#site, 3 * this.#site + 3);
    const matrix = simulation.state("site_xmat").subarray(9 * this.#site, 9 * this.#site + 9);
    return { position: [x, y, z], orientation: matrixToQuaternion(matrix) };
  }

  /** Where the arm is being led at this moment; it trails by little unless something is in its way. */
  get reference(): Pose {
    return this.#reference?.pose ?? this.pose();
  }

  /** The last command to the gripper: -1 open to 1 close. */
  get grip(): number {
    return this.#grip;
  }

  /** Positions of the left and the right finger, m: 0 closed; open, 0.04 and -0.04. */
  fingers(): [left: number, right: number] {
    const qpos = this.#simulation.state("qpos");
    const [left, right] = this.#fingers;
    return [qpos[left.position], qpos[right.position]];
  }

  /**
   * Takes the target of the control step to come.
   *
   * @param grip from -1 to 1. Its sign says whether the fingers open or close, both at the same speed, as in robosuite.
   * @throws RangeError when a number of it is not finite: motors would go limp, and so stay.
   */
  command(target: Pose, grip: number, seconds: number): void {
    const numbers = [...target.position, ...target.orientation, grip];
    if (!numbers.every(Number.isFinite)) {
      throw new RangeError(`a target must be finite numbers, got [${numbers.join(", ")}]`);
    }
    this.#reference ??= new Reference(this.pose());
    this.#reference.leadTo(target, seconds);
    this.#grip = grip;
  }

  /** Sets the motors for the next physics step; the simulation has sensed. */
  actuate(): void {
    const { timestep } = this.#simulation;
    const ctrl = this.#simulation.state("ctrl");
    this.#reference ??= new Reference(this.pose());
    this.#reference.advance(timestep);
    this.#read();
    const { position: grip, orientation } = this.pose();
    this.#control.torques(
      {
        position: this.#position,
        velocity: this.#velocity,
        mass: this.#mass,
        bias: this.#bias,
        jacobian: this.#jacobian,
        grip,
        orientation,
      },
      this.#reference,
      this.#torques,
    );
    for (let k = 0; k < N; k++) {
      const limit = TORQUE_LIMITS[k];
      ctrl[this.#motors[k]] = Math.min(limit, Math.max(-limit, this.#torques[k]));
    }
    const moved = this.#opening - Math.sign(this.#grip) * FINGER_SPEED * timestep;
    this.#opening = Math.min(FINGER_TRAVEL, Math.max(0, moved));
    ctrl[this.#fingerMotors[0]] = this.#opening;
    ctrl[this.#fingerMotors[1]] = -this.#opening;
  }

  /** The arm's share of the state; other bodies of the scene have joints too. */
  #read(): void {
    const simulation = this.#simulation;
    const { dofs } = simulation;
    simulation.massMatrix(this.#allMass);
    simulation.siteJacobian(this.#site, this.#allJacobian);
    const qpos = simulation.state("qpos");
    const qvel = simulation.state("qvel");
    const bias = simulation.state("qfrc_bias");
    for (let i = 0; i < N; i++) {
      const { position, velocity } = this.#joints[i];
      this.#position[i] = qpos[position];
      this.#velocity[i] = qvel[velocity];
      this.#bias[i] = bias[velocity];
      for (let j = 0; j < N; j++) {
        this.#mass[i * N + j] = this.#allMass[velocity * dofs + this.#joints[j].velocity];
      }
      for (let r = 0; r < 6; r++) this.#jacobian[r * N + i] = this.#allJacobian[r * dofs + velocity];
    }
  }
}
