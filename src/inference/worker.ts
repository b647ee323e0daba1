import { parentPort, workerData } from "node:worker_threads";
import { ConfigurationError } from "../policy/errors.js";
import { middleObservation } from "../policy/manifest.js";
import { cleanFromNoise } from "../sampling/denoiser.js";
import { squaredCosine } from "../sampling/schedule.js";
import { measureBatchCurve } from "./batch-curve.js";
import { OnnxNetwork } from "./onnx.js";
import { type Plan, plan } from "./planner.js";
import type { FromWorker, ToWorker, WorkerStart } from "./protocol.js";
import { createRule } from "./rule-settings.js";
import { solverFigures } from "./solver-figures.js";
import { isSolved, TickSolver } from "./tick-solver.js";

if (!parentPort) throw new Error("worker.js is started by InferenceHost, not by hand");
const port = parentPort;
const send = (message: FromWorker): void => port.postMessage(message);
const {
  manifest,
  network: bytes,
  statistics,
  calibration,
  runtime,
  settings: wanted,
  stop,
} = workerData as WorkerStart;
const stopped = new Int32Array(stop);

async function begin(): Promise<void> {
  const network = await OnnxNetwork.load(bytes, manifest, runtime);
  const planned = wanted.name === "auto" ? await planFor(network) : undefined;
  const settings = planned?.settings ?? wanted;
  const { levels, clip } = manifest.diffusion;
  const denoiser = Object.assign(cleanFromNoise(network, squaredCosine(levels), clip), {
    observe: (observation: Float64Array) => network.observe(observation),
  });
  const warmup = await new TickSolver(manifest, denoiser, settings, calibration).solve({
    session: "warm-up",
    episode: 0,
    tick: 0,
    executed: null,
    observation: middleObservation(manifest),
    budgetMs: null,
  });
  if (!isSolved(warmup))
    throw new ConfigurationError(`${manifest.denoiser.file} cannot be used: ${warmup.message}`);
  const solver = new TickSolver(manifest, denoiser, settings, calibration);

  const handle = async (message: ToWorker): Promise<void> => {
    if (message.kind === "forget") solver.forget(message.session);
    else if (message.kind === "solve") {
      const { id, request } = message;
      try {
        send({
          kind: "solved",
          id,
          result: await solver.solve(request, () => Atomics.load(stopped, 0) >= id),
        });
      } catch (error) {
        solver.forget(request.session);
        send({ kind: "failed", id, message: (error as Error).message });
      }
    } else {
      await network.close();
      port.close();
    }
  };
  // The solver and the network hold one observation at a time, so messages that arrive between sweeps must wait.
  let handled = Promise.resolve();
  port.on("message", (message: ToWorker) => {
    handled = handled.then(() => handle(message));
  });
  send({ kind: "ready", warmupMs: warmup.solveMs, ...(planned ? { plan: planned } : {}) });
}

async function planFor(network: OnnxNetwork): Promise<Plan> {
  const { levels } = manifest.diffusion;
  const { name: rule, steps } = createRule(wanted.rule, squaredCosine(levels));
  const curve = await measureBatchCurve(network, levels);
  const situation = { rule, steps, stride: manifest.n_action_steps };
  return plan(curve, wanted, solverFigures(manifest, statistics), situation);
}

begin().catch((error: Error) => send({ kind: "unusable", message: error.message }));
