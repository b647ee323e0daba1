import { afterAll, beforeAll, expect, it } from "vitest";
import { ARM_JOINTS, GRIP_SITE, HOME } from "../../../sim/arm/model.js";
import { type ArmState, OperationalSpace } from "../../../sim/arm/operational-space.js";
import { invert } from "../../../sim/arm/positive-definite.js";
import { Reference } from "../../../sim/arm/reference.js";
import { RandomState } from "../../../sim/mt19937.js";
import { axisAngleToQuaternion } from "../../../sim/rotation/axis-angle.js";
import { product } from "../../../sim/rotation/quaternion.js";
import { TableTop } from "../../../sim/table/table-top.js";

const N = ARM_JOINTS.length;
const STIFFNESS = 150;
const DAMPING = 2 * Math.sqrt(STIFFNESS);

let table: TableTop;
beforeAll(async () => {
  table = await TableTop.build([]);
});
afterAll(() => table.simulation.close());

/** The arm as it stands, with joints that move so fast, rad/s. */
function armAt(seed: number, speed: number): ArmState {
  const { simulation, arm } = table;
  table.reset(new RandomState(seed), []);
  for (let k = 0; k < N; k++) simulation.state("qvel")[k] = speed * Math.cos(k + seed);
  simulation.sense();
  const all = simulation.dofs;
  const allMass = new Float64Array(all * all);
  const allJacobian = new Float64Array(6 * all);
  simulation.massMatrix(allMass);
  simulation.siteJacobian(simulation.id("site", GRIP_SITE), allJacobian);
  const { position: grip, orientation } = arm.pose();
  return {
    position: simulation.state("qpos").slice(0, N),
    velocity: simulation.state("qvel").slice(0, N),
    bias: simulation.state("qfrc_bias").slice(0, N),
    mass: Float64Array.from({ length: N * N }, (_, k) => allMass[Math.floor(k / N) * all + (k % N)]),
    jacobian: Float64Array.from({ length: 6 * N }, (_, k) => allJacobian[Math.floor(k / N) * all + (k % N)]),
    grip,
    orientation,
  };
}

/** How the hand accelerates, apart from what its motion alone does to it: [6], linear and angular. */
function acceleration({ mass, bias, jacobian }: ArmState, torques: Float64Array): number[] {
  const inverse = mass.slice();
  invert(inverse, N);
  const joints = Array.from({ length: N }, (_, i) =>
    torques.reduce((sum, torque, j) => sum + inverse[i * N + j] * (torque - bias[j]), 0),
  );
  return Array.from({ length: 6 }, (_, r) =>
    joints.reduce((sum, joint, i) => sum + jacobian[r * N + i] * joint, 0),
  );
}

const GAP = [0.02, -0.03, 0.01];
const TURN = [0.05, 0.1, -0.08] as const;

it.each([
  [0, 0],
  [1, 0],
  [2, 0.5],
])(
  "the hand is pulled to its reference by 150 /s² of every gap, critically damped (seed %i, %d rad/s)",
  (seed, speed) => {
    const state = armAt(seed, speed);
    const reference = new Reference({
      position: [state.grip[0] + GAP[0], state.grip[1] + GAP[1], state.grip[2] + GAP[2]],
      orientation: product(axisAngleToQuaternion(TURN), state.orientation),
    });
    const torques = new Float64Array(N);
    new OperationalSpace(HOME).torques(state, reference, torques);
    const found = acceleration(state, torques);
    [...GAP, ...TURN].forEach((gap, r) => {
      const rate = state.velocity.reduce((sum, joint, j) => sum + state.jacobian[r * N + j] * joint, 0);
      const wanted = STIFFNESS * gap - DAMPING * rate;
      expect(Math.abs(found[r] - wanted)).toBeLessThan(0.02 * Math.max(1, Math.abs(wanted)) + 0.1);
    });
  },
);
