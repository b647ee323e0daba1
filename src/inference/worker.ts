import { parentPort, workerData } from "node:worker_threads";
import { ConfigurationError } from "../policy/errors.js";
import { middleObservation } from "../policy/manifest.js";
import { squaredCosine } from "../sampling/schedule.js";
import { monotonicMs } from "../time/clock.js";
import { measureBatchCurve } from "./batch-curve.js";
import { CallGate } from "./call-gate.js";
import { conditioned } from "./conditioned.js";
import type { NetworkFiles } from "./graphs.js";
import { JointCalls } from "./joint/joint-calls.js";
import { jointFiles } from "./joint/joint-files.js";
import { requireRowsApart } from "./joint/rows-apart.js";
import { largestBatch, type Plan, plan } from "./planner.js";
import { openNetwork, type PolicyNetwork } from "./policy-network.js";
import type { AskedSolve, FromWorker, ToWorker, WorkerStart } from "./protocol.js";
import { createRule } from "./rule-settings.js";
import { ShardLostError } from "./shards/shard.js";
import { SolveCell } from "./solve-cell.js";
import { solverFigures } from "./solver-figures.js";
import { isSolved, type TickResult } from "./tick.js";
import { type ConditionedDenoiser, TickSolver } from "./tick-solver.js";
import { FaultInjector } from "./worker-faults.js";

if (!parentPort) throw new Error("worker.js is started by InferenceHost, not by hand");
const port = parentPort;
const send = (message: FromWorker): void => port.postMessage(message);
const started = workerData as WorkerStart;
const { manifest, statistics, calibration, runtime, settings: wanted, faults = {} } = started;
const gate = new CallGate(started.gate, () => process.exit());

async function begin(): Promise<void> {
  const files: NetworkFiles = started.together > 1 ? jointFiles(started, runtime.provider) : started;
  const network = gated(await openNetwork(files, runtime, faults.shard));
  if (files.isJoint) await requireRowsApart(network, files);
  const planned = wanted.name === "auto" ? await planFor(network) : undefined;
  const settings = planned?.settings ?? wanted;
  const injector = new FaultInjector(faults);
  const denoiser = conditioned(network, manifest, injector);
  const warmup = await new TickSolver(manifest, denoiser, settings, calibration).solve({
    session: "warm-up",
    episode: 0,
    tick: 0,
    executed: null,
    observation: middleObservation(manifest),
  });
  if (!isSolved(warmup))
    throw new ConfigurationError(`${manifest.denoiser.file} cannot be used: ${warmup.message}`);
  const solver = new TickSolver(manifest, denoiser, settings, calibration);

  const answer = async (
    { id, request, shared, sentAt }: AskedSolve,
    denoiser: ConditionedDenoiser,
    injector: FaultInjector,
  ) => {
    const queue = monotonicMs() - sentAt;
    const cell = new SolveCell(shared);
    injector.beginSolve(id);
    try {
      const result: TickResult = await solver.solve(request, {
        denoiser,
        stopped: () => cell.stopped,
        publish: (candidate) => {
          cell.publish(candidate);
          injector.swept();
        },
      });
      const timings = { ...result.timings, queue };
      send({ kind: "solved", id, result: { ...result, timings }, sentAt: monotonicMs() });
    } catch (error) {
      if (error instanceof ShardLostError) return end(error);
      solver.forget(request.session);
      send({ kind: "failed", id, message: (error as Error).message });
    }
  };
  const answerTogether = async (solves: readonly AskedSolve[]) => {
    const calls = new JointCalls(network, solves.length);
    const answered = solves.map((asked, k) => {
      // Its state is that of one solve.
      const own = new FaultInjector(faults);
      return answer(asked, conditioned(calls.share(k), manifest, own), own).finally(() => calls.leave(k));
    });
    const lost = (await Promise.allSettled(answered)).find(({ status }) => status === "rejected");
    if (lost?.status === "rejected") throw lost.reason;
  };
  const handle = async (message: ToWorker): Promise<void> => {
    if (message.kind === "forget") solver.forget(message.session);
    else if (message.kind === "adjust") solver.adjust(message.settings);
    else if (message.kind === "solve") {
      const { solves } = message;
      await (solves.length === 1 ? answer(solves[0], denoiser, injector) : answerTogether(solves));
    } else {
      await network.close();
      port.close();
    }
  };
  /** The host replaces this worker, and all its threads: none of them may be in a call when it ends. */
  const end = async (error: ShardLostError): Promise<never> => {
    send({ kind: "lost", message: error.message });
    await gate.within(error.quiet);
    throw error;
  };
  // The network holds the observations of one message at a time, so messages that arrive between sweeps must wait.
  let handled = Promise.resolve();
  port.on("message", (message: ToWorker) => {
    handled = handled.then(() => handle(message));
  });
  send({ kind: "ready", warmup: warmup.timings, ...(planned ? { plan: planned } : {}) });
}

/** With its calls through the gate. */
function gated(network: PolicyNetwork): PolicyNetwork {
  return {
    shape: network.shape,
    thresholds: network.thresholds,
    get runMs() {
      return network.runMs;
    },
    observe: (observation) => network.observe(observation),
    predictNoise: (...question) => gate.within(() => network.predictNoise(...question)),
    close: () => gate.within(() => network.close()),
  };
}

async function planFor(network: PolicyNetwork): Promise<Plan> {
  const { levels } = manifest.diffusion;
  const { name: rule, steps } = createRule(wanted.rule, squaredCosine(levels));
  const figures = solverFigures(manifest, statistics);
  const situation = { rule, steps, stride: manifest.n_action_steps };
  const curve = await measureBatchCurve(network, largestBatch(figures, situation));
  return plan(curve, wanted, figures, situation);
}

gate.within(begin).catch((error: Error) => send({ kind: "unusable", message: error.message }));
