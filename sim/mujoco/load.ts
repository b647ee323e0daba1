import type { MainModule } from "@mujoco/mujoco";

export type Mujoco = MainModule;

let loading: Promise<Mujoco> | undefined;

/** MuJoCo's WebAssembly build, instantiated once, on first use: 10 MB that other worlds need not wait for. */
export function loadMujoco(): Promise<Mujoco> {
  loading ??= import("@mujoco/mujoco").then(({ default: instantiate }) => instantiate());
  return loading;
}
