import type { MjData, MjModel } from "@mujoco/mujoco";
import type { Point } from "../arm/pose.js";
import { DivergedError, firstLost } from "./divergence.js";
import { HeldBuffer } from "./held-buffer.js";
import { loadMujoco, type Mujoco } from "./load.js";
import { type Sparsity, unpack } from "./lower-triangle.js";
import { KINDS, type Shape } from "./shape.js";

/** Arrays of MuJoCo's state that are read and written in place. */
const STATE = [
  "qpos",
  "qvel",
  "ctrl",
  "qfrc_bias",
  "xpos",
  "xquat",
  "geom_xpos",
  "geom_xmat",
  "site_xpos",
  "site_xmat",
  "M",
] as const;
type StateName = (typeof STATE)[number];

/** What can be looked up by name. */
export type Kind = "body" | "joint" | "geom" | "site" | "actuator";

/**
 * One model with its state, in WebAssembly memory that `close` gives back.
 *
 * A step is two halves with the control in between: `sense` computes everything that depends on positions and velocities, and
 * `advance` applies `ctrl` and integrates. Lengths are in metres, angles in radians.
 *
 * @example
 * const simulation = await Simulation.compile(xml);
 * simulation.sense();
 * simulation.state("ctrl")[0] = 1;
 * simulation.advance();
 * simulation.close();
 */
export class Simulation {
  readonly dofs: number;
  /** Seconds per step. */
  readonly timestep: number;
  readonly #mujoco: Mujoco;
  readonly #model: MjModel;
  readonly #data: MjData;
  readonly #views: Partial<Record<StateName, Float64Array>> = {};
  readonly #linear: HeldBuffer;
  readonly #angular: HeldBuffer;
  readonly #sparsity: Sparsity;
  #isClosed = false;

  private constructor(mujoco: Mujoco, model: MjModel) {
    this.#mujoco = mujoco;
    this.#model = model;
    this.#data = new mujoco.MjData(model);
    this.dofs = model.nv;
    const { opt } = model;
    this.timestep = opt.timestep;
    // A world that starts over in mid-episode would look like a robot that has jumped.
    opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET.value;
    opt.delete();
    this.#linear = new HeldBuffer(new mujoco.DoubleBuffer(3 * this.dofs));
    this.#angular = new HeldBuffer(new mujoco.DoubleBuffer(3 * this.dofs));
    const { M_rowadr: starts, M_rownnz: counts, M_colind: columns } = model;
    this.#sparsity = {
      start: Int32Array.from(starts),
      count: Int32Array.from(counts),
      column: Int32Array.from(columns),
    };
  }

  /**
   * @param xml a model in MJCF, without files beside it.
   * @throws Error with MuJoCo's own words and the line when the model does not compile.
   */
  static async compile(xml: string): Promise<Simulation> {
    const mujoco = await loadMujoco();
    let model: MjModel;
    try {
      model = mujoco.MjModel.from_xml_string(xml);
    } catch (error) {
      const words = (error as Error).message.replaceAll(/\s+/g, " ").trim();
      throw new Error(`the model does not compile: ${words}`);
    }
    return new Simulation(mujoco, model);
  }

  /** A view of MuJoCo's own memory: to be read or written now, not kept, since the memory moves when it grows. */
  state(name: StateName): Float64Array {
    const held = this.#views[name];
    if (held && held.byteLength > 0) return held;
    if (this.#isClosed) throw new Error("this simulation has been closed; compile the model again");
    // Asking MuJoCo costs a microsecond, which is why views are held until growth takes their memory from under them.
    const view = this.#data[name] as Float64Array;
    this.#views[name] = view;
    return view;
  }

  /**
   * Everything in the scene, for drawing.
   *
   * @throws Error when the model has a geom of a kind that is not a primitive.
   */
  shapes(): Shape[] {
    const {
      geom_type: types,
      geom_size: sizes,
      geom_rgba: colours,
      geom_bodyid: bodies,
      ngeom,
    } = this.#model;
    const point = (values: ArrayLike<number>, at: number): Point => [
      values[at],
      values[at + 1],
      values[at + 2],
    ];
    const positions = this.state("geom_xpos");
    const rotations = this.state("geom_xmat");
    return Array.from({ length: ngeom }, (_, geom) => {
      const kind = KINDS[types[geom]];
      if (!kind)
        throw new Error(`geom ${geom} of the model is of type ${types[geom]}, which nothing here draws`);
      return {
        kind,
        size: point(sizes, 3 * geom),
        position: point(positions, 3 * geom),
        rotation: Array.from(rotations.subarray(9 * geom, 9 * geom + 9)),
        rgb: point(colours, 4 * geom),
        isFixed: bodies[geom] === 0,
      };
    });
  }

  /** @throws Error naming what the model lacks. */
  id(kind: Kind, name: string): number {
    const types = this.#mujoco.mjtObj;
    const type = {
      body: types.mjOBJ_BODY,
      joint: types.mjOBJ_JOINT,
      geom: types.mjOBJ_GEOM,
      site: types.mjOBJ_SITE,
      actuator: types.mjOBJ_ACTUATOR,
    }[kind].value;
    const id = this.#mujoco.mj_name2id(this.#model, type, name);
    if (id < 0) throw new Error(`the model has no ${kind} "${name}"`);
    return id;
  }

  /** Where a joint's first position and velocity stand in `qpos` and `qvel`. */
  joint(name: string): { readonly position: number; readonly velocity: number } {
    const id = this.id("joint", name);
    return { position: this.#model.jnt_qposadr[id], velocity: this.#model.jnt_dofadr[id] };
  }

  /** Everything as the model says, at time 0. */
  reset(): void {
    this.#mujoco.mj_resetData(this.#model, this.#data);
  }

  sense(): void {
    this.#mujoco.mj_step1(this.#model, this.#data);
  }

  /** @throws DivergedError when a position or velocity is not finite any more, or enormous: `reset` comes next. */
  advance(): void {
    this.#mujoco.mj_step2(this.#model, this.#data);
    for (const name of ["qpos", "qvel"] as const) {
      const values = this.state(name);
      const lost = firstLost(values);
      if (lost >= 0) throw new DivergedError(this.#lost(name, lost, values[lost]));
    }
  }

  #lost(name: "qpos" | "qvel", index: number, value: number): string {
    const addresses = this.#model[name === "qpos" ? "jnt_qposadr" : "jnt_dofadr"] as Int32Array;
    const joint = addresses.findLastIndex((first) => first <= index);
    const called = this.#mujoco.mj_id2name(this.#model, this.#mujoco.mjtObj.mjOBJ_JOINT.value, joint);
    return (
      `the simulation has diverged at ${this.#data.time.toFixed(3)} s: a ${name === "qpos" ? "position" : "velocity"} of joint ` +
      `"${called}" is ${value}; reset it, and look at what was asked of it last, or take a smaller timestep`
    );
  }

  /** Fills `out` [6 · dofs] with the Jacobian of a site: three rows of linear, three of angular velocity, world axes. */
  siteJacobian(site: number, out: Float64Array): void {
    this.#mujoco.mj_jacSite(this.#model, this.#data, this.#linear.buffer, this.#angular.buffer, site);
    out.set(this.#linear.view);
    out.set(this.#angular.view, 3 * this.dofs);
  }

  /** Fills `out` [dofs · dofs] with the inertia in joint coordinates. */
  massMatrix(out: Float64Array): void {
    // What mj_fullM does, without a call that takes as long as a tenth of a step.
    unpack(this.state("M"), this.#sparsity, out);
  }

  /** Gives the memory back; the simulation cannot be used any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const name of STATE) delete this.#views[name];
    for (const { buffer } of [this.#linear, this.#angular]) buffer.delete();
    this.#data.delete();
    this.#model.delete();
  }
}
