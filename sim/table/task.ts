import type { Pose } from "../arm/pose.js";
import type { RandomState } from "../mt19937.js";
import type { Seen } from "../seen.js";
import type { Cube, TableTop } from "./table-top.js";

/** What there is to do on the table. */
export interface TableTask<Observation extends Seen> {
  readonly cubes: readonly Cube[];
  /** Control steps after which an episode is truncated. */
  readonly maxSteps: number;
  /** Where the cubes are at the start of an episode. */
  place(random: RandomState): readonly Pose[];
  /** Observes one episode from its start on; called once per control step. */
  observer(): (table: TableTop) => Observation;
  /** From 0 to 1, and 1 is success. */
  progress(table: TableTop): number;
}
