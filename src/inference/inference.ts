import type { Manifest } from "../policy/manifest.js";
import type { Runtime } from "./runtime.js";
import type { SolverSettings } from "./settings.js";
import type { Solve, TickRequest } from "./tick.js";

/** Something that turns observations into chunks, away from the thread that asks. */
export interface Inference {
  readonly manifest: Manifest;
  /** How chunks are solved. */
  readonly settings: SolverSettings;
  readonly runtime: Runtime;
  /** Begins to solve one tick. Requests are solved in the order in which they were made. */
  solve(request: TickRequest): Solve;
  /**
   * Solves what is asked for from now on like that; rule and seed stay as they are.
   *
   * @throws ConfigurationError when the policy cannot be solved like that; nothing has changed then.
   */
  adjust(settings: SolverSettings): void;
  /** Drops the warm start of a session. */
  forget(session: string): void;
  /** Settles every solve and lets go of the network; a no-op the second time. */
  close(): Promise<void>;
}
