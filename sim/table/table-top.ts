import { Arm } from "../arm/arm.js";
import { armModel, HOME } from "../arm/model.js";
import type { Pose } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";
import { Simulation } from "../mujoco/simulation.js";
import { fromMujoco } from "../rotation/quaternion.js";

/** Seconds per control step: 20 Hz, as in robosuite. */
export const CONTROL_PERIOD = 0.05;
const TIMESTEP = 0.002;
const SUBSTEPS = Math.round(CONTROL_PERIOD / TIMESTEP);
/** Of the table's surface above the floor, m. */
export const TABLE_HEIGHT = 0.8;
/** m */
export const TABLE_HALF_SIDE = 0.4;
const ARM_BASE = [-0.56, 0, 0.91] as const;
/** Standard deviation of each joint at the start, rad. */
const JOINT_NOISE = 0.02;

/** A cube on the table. */
export interface Cube {
  readonly name: string;
  /** m */
  readonly halfSide: number;
  /** Four numbers from 0 to 1. */
  readonly rgba: string;
}

/**
 * A table with an arm behind it and cubes on it, in MuJoCo: what robosuite's table-top tasks have in common. The world's
 * origin is on the floor under the middle of the table; x points away from the arm, z up.
 *
 * @example
 * const table = await TableTop.build([{ name: "cube", halfSide: 0.021, rgba: "0.8 0.2 0.2 1" }]);
 * table.reset(new RandomState(0), [{ position: [0, 0, 0.821], orientation: [0, 0, 0, 1] }]);
 * table.step(target, 1);
 */
export class TableTop {
  readonly simulation: Simulation;
  readonly arm: Arm;
  readonly #cubes: readonly { readonly joint: number; readonly body: number }[];

  private constructor(simulation: Simulation, cubes: readonly Cube[]) {
    this.simulation = simulation;
    this.arm = new Arm(simulation);
    this.#cubes = cubes.map(({ name }) => ({
      joint: simulation.joint(name).position,
      body: simulation.id("body", name),
    }));
  }

  static async build(cubes: readonly Cube[]): Promise<TableTop> {
    return new TableTop(await Simulation.compile(sceneModel(cubes)), cubes);
  }

  /** Everything at rest: the hand near home with noise in its joints, the cubes where they are put. */
  reset(random: RandomState, cubes: readonly Pose[]): void {
    this.simulation.reset();
    this.arm.place(HOME.map((joint) => joint + JOINT_NOISE * random.randn()));
    const qpos = this.simulation.state("qpos");
    this.#cubes.forEach(({ joint }, k) => {
      const { position, orientation } = cubes[k];
      const [x, y, z, w] = orientation;
      qpos.set([...position, w, x, y, z], joint);
    });
    this.simulation.sense();
  }

  /** One control step towards a target pose of the hand; `grip` from -1, open, to 1, close. */
  step(target: Pose, grip: number): void {
    this.arm.command(target, grip, CONTROL_PERIOD);
    for (let k = 0; k < SUBSTEPS; k++) {
      this.arm.actuate();
      this.simulation.advance();
      this.simulation.sense();
    }
  }

  /** Where the cubes are, in the order in which they were given. */
  get cubes(): readonly Pose[] {
    const xpos = this.simulation.state("xpos");
    const xquat = this.simulation.state("xquat");
    return this.#cubes.map(({ body }) => ({
      position: [xpos[3 * body], xpos[3 * body + 1], xpos[3 * body + 2]],
      orientation: fromMujoco(xquat, 4 * body),
    }));
  }
}

function sceneModel(cubes: readonly Cube[]): string {
  const arm = armModel(ARM_BASE);
  const bodies = cubes.map(
    ({ name, halfSide: h, rgba }) => `<body name="${name}">
      <freejoint name="${name}"/>
      <geom name="${name}" type="box" size="${h} ${h} ${h}" density="1000" rgba="${rgba}" condim="4" friction="1 0.005 0.0001" solref="0.004 1"/>
    </body>`,
  );
  // Elliptic cones with stiff friction: a held cube creeps by micrometres, not millimetres.
  return `<mujoco model="table top">
  <compiler angle="radian"/>
  <option timestep="${TIMESTEP}" integrator="implicitfast" cone="elliptic" impratio="20">
    <!-- Every body here is a single shape or two: there is nothing for a middle phase to find out. -->
    <flag midphase="disable"/>
  </option>
  <worldbody>
    <geom name="table" type="box" pos="0 0 ${TABLE_HEIGHT - 0.025}" size="${TABLE_HALF_SIDE} ${TABLE_HALF_SIDE} 0.025" friction="1 0.005 0.0001" rgba="0.82 0.72 0.58 1"/>
    <geom name="pedestal" type="box" pos="${ARM_BASE[0]} 0 ${ARM_BASE[2] / 2}" size="0.1 0.1 ${ARM_BASE[2] / 2}" rgba="0.45 0.48 0.52 1" contype="0" conaffinity="0"/>
    ${arm.body}
    ${bodies.join("\n")}
  </worldbody>
  <actuator>${arm.actuators}</actuator>
</mujoco>`;
}
