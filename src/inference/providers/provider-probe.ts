import * as ort from "onnxruntime-node";
import type { GraphFile } from "../../policy/bundle.js";
import { middleObservation } from "../../policy/manifest.js";
import { squaredCosine } from "../../sampling/schedule.js";
import { measureBatchCurve } from "../batch-curve.js";
import { expectedSolveMs } from "../expected-solve.js";
import { graphsFor, type NetworkFiles } from "../graphs.js";
import { openGraph } from "../open-graph.js";
import { largestBatch } from "../planner.js";
import { openNetwork, type PolicyNetwork } from "../policy-network.js";
import { createRule } from "../rule-settings.js";
import type { Runtime } from "../runtime.js";
import { solverFigures } from "../solver-figures.js";
import { PROBE_INPUT, PROBE_SHAPE } from "./probe-answer.js";
import { probeModel } from "./probe-model.js";
import type { ProbeReport, ProbeRequest } from "./probe-protocol.js";

// The child process of runProbe: reports what it finds, until something fails.

function report(found: ProbeReport): Promise<void> {
  return new Promise((resolve) => process.send?.(found, () => resolve()));
}

async function tryIt({ runtime, policy, measure }: ProbeRequest): Promise<void> {
  const { provider } = runtime;
  // It would drop an unknown name with a warning, and go on with what is left.
  const names = ort.listSupportedBackends().map(({ name }) => name);
  if (!names.includes(provider)) {
    throw new Error(
      `onnxruntime-node is built without ${provider} for ${process.platform}-${process.arch}: it has ${names.join(", ")}`,
    );
  }
  await report({ kind: "answer", values: await askProbeModel(runtime) });
  if (!policy) return;

  if (runtime.allow_fallback) await logPlacement(runtime, policy);
  const network = await openNetwork(policy, runtime);
  await report({ kind: "network", difference: await differenceToCpu(network, policy) });
  if (measure) await report(await measureIt(network, policy, measure));
  await network.close();
}

async function askProbeModel(runtime: Runtime): Promise<number[]> {
  const session = await openGraph("the known network", probeModel(), runtime);
  const { rows, levels, sample } = PROBE_INPUT;
  const { noise } = await session.run({
    sample: new ort.Tensor("float32", sample, PROBE_SHAPE),
    level: new ort.Tensor("int64", BigInt64Array.from(levels, BigInt), [rows]),
  });
  await session.release();
  return Array.from(noise.data as Float32Array);
}

/** Which provider runs how many nodes stands nowhere but in onnxruntime's verbose log, on standard error. */
async function logPlacement(runtime: Runtime, policy: NetworkFiles): Promise<void> {
  const graphs = new Map<string, Pick<GraphFile, "file" | "bytes">>();
  for (const graph of graphsFor(policy, runtime.provider)) {
    graphs.set(graph.file, graph);
    if (graph.observation) graphs.set(graph.observation.file, graph.observation);
  }
  for (const { file, bytes } of graphs.values()) {
    const session = await openGraph(file, bytes, runtime, { session: { logSeverityLevel: 0 } });
    await session.release();
  }
}

async function differenceToCpu(network: PolicyNetwork, policy: NetworkFiles): Promise<number> {
  const cpu = await openNetwork({ ...policy, optimized: [] }, { provider: "cpu", threads: 1, spin: false });
  let difference = 0;
  for (const rows of [1, ...network.thresholds]) {
    const [found, wanted] = [await answerOf(network, policy, rows), await answerOf(cpu, policy, rows)];
    const largest = Math.max(...wanted.map(Math.abs), Number.MIN_VALUE);
    for (const [k, value] of wanted.entries()) {
      const apart = Math.abs(found[k] - value) / largest;
      difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(difference, apart);
    }
  }
  await cpu.close();
  return difference;
}

async function answerOf(
  network: PolicyNetwork,
  { manifest }: NetworkFiles,
  rows: number,
): Promise<Float64Array> {
  const answer = new Float64Array(rows * network.shape.horizon * network.shape.dim);
  const states = answer.map((_, k) => Math.sin(1.3 * k + 0.2));
  const levels = Int32Array.from({ length: rows }, (_, row) => (7 * row) % manifest.diffusion.levels);
  network.observe(middleObservation(manifest).fill(0));
  await network.predictNoise(states, levels, rows, answer);
  return answer;
}

async function measureIt(
  network: PolicyNetwork,
  policy: NetworkFiles,
  { solver, statistics, atMostMs }: NonNullable<ProbeRequest["measure"]>,
): Promise<ProbeReport> {
  const began = performance.now();
  await answerOf(network, policy, 1);
  const callMs = performance.now() - began;
  if (callMs > atMostMs) return { kind: "slow", callMs };
  const { manifest } = policy;
  const rule = createRule(solver.rule, squaredCosine(manifest.diffusion.levels));
  const most = largestBatch(solverFigures(manifest, statistics), { rule: rule.name, steps: rule.steps });
  const curve = await measureBatchCurve(network, most);
  return { kind: "costs", curve, expectedMs: expectedSolveMs(curve, solver, manifest, statistics) };
}

process.once("message", (request: ProbeRequest) => {
  tryIt(request)
    .catch((error: Error) => report({ kind: "failed", message: error.message }))
    .then(() => process.exit());
});
