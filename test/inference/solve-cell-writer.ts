import { workerData } from "node:worker_threads";
import { SolveCell } from "../../src/inference/solve-cell.js";
import { numbered } from "./candidates.js";

// Publishes candidates as fast as it can until it is stopped.
const cell = new SolveCell(workerData as SharedArrayBuffer);
for (let k = 1; !cell.stopped; k++) cell.publish(numbered(k));
