import { quaternionToAxisAngle } from "../rotation/axis-angle.js";
import { inverse, product, type Quaternion } from "../rotation/quaternion.js";
import type { Point } from "./pose.js";
import { invert } from "./positive-definite.js";
import type { Reference } from "./reference.js";

/** robosuite's gains for OSC_POSE, 1/s²; critically damped. */
const STIFFNESS = 150;
const DAMPING = 2 * Math.sqrt(STIFFNESS);
/** Of the posture, which must not compete with the task. */
const POSTURE_STIFFNESS = 10;
const POSTURE_DAMPING = 2 * Math.sqrt(POSTURE_STIFFNESS);
/** kg⁻¹ resp. (kg m²)⁻¹: keeps task inertia finite where the arm is stretched out, and changes it by under 1 % elsewhere. */
const SINGULARITY_GUARD = 2e-3;

/** The arm as it is at this moment. */
export interface ArmState {
  /** [n] */
  readonly position: Float64Array;
  /** [n] */
  readonly velocity: Float64Array;
  /** [n · n] */
  readonly mass: Float64Array;
  /** [n] gravity, Coriolis and centrifugal torques. */
  readonly bias: Float64Array;
  /** [6 · n] of the grip site: linear, then angular. */
  readonly jacobian: Float64Array;
  readonly grip: Point;
  readonly orientation: Quaternion;
}

/**
 * Operational-space control of a pose with redundant joints (Khatib 1987, doi:10.1109/JRA.1987.1087068), with
 * the gains of robosuite's OSC_POSE: a critically damped spring towards the reference, the arm's own inertia cancelled, and a
 * posture kept in the motions that do not move the hand.
 *
 * robosuite takes the inertias of position and orientation apart, so that pulling the hand also turns it: 12 mm and 3.0° off a
 * reference of 0.14 m/s and 0.6 rad/s, against 4 mm and 1.0° with the whole of it.
 *
 * @example
 * control.torques(state, reference, torques); // [n] Nm, before any limit
 */
export class OperationalSpace {
  readonly #n: number;
  readonly #posture: readonly number[];
  readonly #inverseMass: Float64Array;
  /** [n · 6] M⁻¹·Jᵀ */
  readonly #response: Float64Array;
  /** [6 · 6] (J·M⁻¹·Jᵀ)⁻¹, the inertia that the hand shows. */
  readonly #inertia = new Float64Array(36);
  readonly #acceleration = new Float64Array(6);
  readonly #wrench = new Float64Array(6);
  readonly #postureTorque: Float64Array;
  readonly #reaction = new Float64Array(6);

  /** @param posture [n] joint positions to stay near. */
  constructor(posture: readonly number[]) {
    this.#n = posture.length;
    this.#posture = posture;
    this.#inverseMass = new Float64Array(this.#n * this.#n);
    this.#response = new Float64Array(this.#n * 6);
    this.#postureTorque = new Float64Array(this.#n);
  }

  torques(state: ArmState, reference: Reference, out: Float64Array): void {
    this.#measureInertia(state);
    this.#pullTowards(state, reference);
    this.#keepPosture(state);
    const n = this.#n;
    for (let j = 0; j < n; j++) {
      let torque = state.bias[j] + this.#postureTorque[j];
      for (let r = 0; r < 6; r++) torque += state.jacobian[r * n + j] * (this.#wrench[r] - this.#reaction[r]);
      out[j] = torque;
    }
  }

  #measureInertia({ mass, jacobian }: ArmState): void {
    const n = this.#n;
    const [inverseMass, response, inertia] = [this.#inverseMass, this.#response, this.#inertia];
    inverseMass.set(mass);
    invert(inverseMass, n);
    for (let i = 0; i < n; i++) {
      for (let r = 0; r < 6; r++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += inverseMass[i * n + j] * jacobian[r * n + j];
        response[i * 6 + r] = sum;
      }
    }
    for (let r = 0; r < 6; r++) {
      for (let c = 0; c <= r; c++) {
        let sum = r === c ? SINGULARITY_GUARD : 0;
        for (let i = 0; i < n; i++) sum += jacobian[r * n + i] * response[i * 6 + c];
        inertia[r * 6 + c] = sum;
        inertia[c * 6 + r] = sum;
      }
    }
    invert(inertia, 6);
  }

  /** The wrench of the spring. */
  #pullTowards(
    { jacobian, velocity, grip, orientation }: ArmState,
    { pose, velocity: speed, turnRate }: Reference,
  ): void {
    const n = this.#n;
    const turn = quaternionToAxisAngle(product(pose.orientation, inverse(orientation)));
    for (let r = 0; r < 6; r++) {
      let rate = 0;
      for (let j = 0; j < n; j++) rate += jacobian[r * n + j] * velocity[j];
      const [gap, wanted] = r < 3 ? [pose.position[r] - grip[r], speed[r]] : [turn[r - 3], turnRate[r - 3]];
      this.#acceleration[r] = STIFFNESS * gap + DAMPING * (wanted - rate);
    }
    this.#push(this.#acceleration, this.#wrench);
  }

  /** Posture torques, and the wrench that they would exert on the hand: Λ·J·M⁻¹·τ, to be taken off. */
  #keepPosture({ mass, position, velocity }: ArmState): void {
    const n = this.#n;
    const [torque, response] = [this.#postureTorque, this.#response];
    torque.fill(0);
    for (let j = 0; j < n; j++) {
      const pull = POSTURE_STIFFNESS * (this.#posture[j] - position[j]) - POSTURE_DAMPING * velocity[j];
      for (let i = 0; i < n; i++) torque[i] += mass[i * n + j] * pull;
    }
    const moved = this.#acceleration.fill(0);
    for (let r = 0; r < 6; r++) for (let i = 0; i < n; i++) moved[r] += response[i * 6 + r] * torque[i];
    this.#push(moved, this.#reaction);
  }

  /** The wrench [6] that accelerates the hand so. */
  #push(acceleration: Float64Array, wrench: Float64Array): void {
    for (let r = 0; r < 6; r++) {
      let sum = 0;
      for (let c = 0; c < 6; c++) sum += this.#inertia[r * 6 + c] * acceleration[c];
      wrench[r] = sum;
    }
  }
}
