import type { DoubleBuffer } from "@mujoco/mujoco";

/** Memory that MuJoCo writes results to, with a view of it that is renewed when the memory has moved. */
export class HeldBuffer {
  #view: Float64Array = new Float64Array(0);

  constructor(readonly buffer: DoubleBuffer) {}

  get view(): Float64Array {
    if (this.#view.byteLength === 0) this.#view = this.buffer.GetView() as Float64Array;
    return this.#view;
  }
}
