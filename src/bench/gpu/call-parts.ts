import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { graphAt, graphsFor } from "../../inference/graphs.js";
import { openGraph } from "../../inference/open-graph.js";
import type { Runtime } from "../../inference/runtime.js";
import { rejoined } from "../../optimize/rejoined.js";
import type { Bundle } from "../../policy/bundle.js";
import { observationWidth } from "../../policy/manifest.js";
import type { NoiseNetwork } from "../../sampling/denoiser.js";
import { openIdleNetwork } from "../idle-graph.js";
import { medianMs } from "./timing.js";

/** Where the time of one network call goes, in milliseconds. */
export interface CallParts {
  readonly batch: number;
  readonly call_ms: number;
  /** Of a network that copies its inputs in and an output out, waits for them, and computes next to nothing. */
  readonly copies_ms: number;
  readonly profile: CallProfile | null;
  /** What starting as many small operators as the network has costs; null where that could not be measured. */
  readonly launches_ms: number | null;
}

/** What onnxruntime's own profile says of a call; its times are longer than without. */
export interface CallProfile {
  /** Operators that onnxruntime runs, after its own fusions. */
  readonly operators: number;
  /** The host's time by kind of operator, as shares, the largest first: on a GPU, of starting them. */
  readonly host_share: Readonly<Record<string, number>>;
  /** The device's milliseconds in its kernels, where this build of onnxruntime records them. */
  readonly device_ms: number | null;
}

/** An event of onnxruntime's profile, a Chrome trace. */
interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

const PROFILED_CALLS = 5;
/** Of operators, that a profile names. */
const KINDS = 8;

/** Measures the parts of calls with these batch sizes. */
export async function callParts(
  bundle: Bundle,
  runtime: Runtime,
  network: NoiseNetwork,
  batches: readonly number[],
  launchMs: number | null,
  rounds: number,
): Promise<CallParts[]> {
  const parts: CallParts[] = [];
  for (const batch of batches) {
    const profile = await profileCall(bundle, runtime, batch);
    const idle = await openIdleNetwork(bundle.manifest, batch, runtime);
    try {
      parts.push({
        batch,
        call_ms: await callMs(network, batch, rounds),
        copies_ms: await medianMs(idle.call, rounds),
        profile,
        launches_ms: launchMs === null || profile === null ? null : profile.operators * launchMs,
      });
    } finally {
      await idle.close();
    }
  }
  return parts;
}

async function callMs(network: NoiseNetwork, batch: number, rounds: number): Promise<number> {
  const size = batch * network.shape.horizon * network.shape.dim;
  const states = Float64Array.from({ length: size }, (_, k) => Math.sin(k));
  const out = new Float64Array(size);
  const levels = Int32Array.from({ length: batch }, (_, k) => k);
  return medianMs(async () => network.predictNoise(states, levels, batch, out), rounds);
}

/** Null where onnxruntime runs the graph otherwise than as it is in the bundle. */
async function profileCall(bundle: Bundle, runtime: Runtime, batch: number): Promise<CallProfile | null> {
  const { bytes, observation } = graphAt(graphsFor(bundle, runtime.provider), batch);
  const whole = rejoined(bytes, observation?.bytes);
  const folder = await mkdtemp(join(tmpdir(), "parapilot-profile-"));
  try {
    const profiling = { enableProfiling: true, profileFilePrefix: join(folder, "calls") };
    const session = await openGraph("the network", whole, runtime, { session: profiling }).catch(
      () => undefined,
    );
    if (!session) return null;
    try {
      const feeds = feedsOf(bundle, batch);
      if (session.inputNames.some((name) => !(name in feeds))) return null;
      // The first call allocates and compiles.
      for (let k = 0; k < 1 + PROFILED_CALLS; k++) await session.run(feeds);
      session.endProfiling();
    } finally {
      await session.release();
    }
    const [file] = await readdir(folder);
    return summariseProfile(JSON.parse(await readFile(join(folder, file), "utf8")), PROFILED_CALLS);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function feedsOf({ manifest }: Bundle, batch: number): Record<string, ort.Tensor> {
  const { horizon, action, n_obs_steps } = manifest;
  const observations = n_obs_steps * observationWidth(manifest);
  const sample = Float32Array.from({ length: batch * horizon * action.length }, (_, k) => Math.sin(k));
  const level = BigInt64Array.from({ length: batch }, (_, k) => BigInt(k));
  return {
    sample: new ort.Tensor("float32", sample, [batch, horizon, action.length]),
    level: new ort.Tensor("int64", level, [batch]),
    observation: new ort.Tensor("float32", new Float32Array(observations), [1, observations]),
  };
}

/** Sums the operators and kernels of the last calls of a profile. */
export function summariseProfile(events: readonly ProfileEvent[], calls: number): CallProfile {
  const runs = events.flatMap(({ name }, k) => (name === "model_run" ? [k] : []));
  // An operator's event comes before that of the run that it belongs to.
  const from = runs.length > calls ? runs[runs.length - calls - 1] + 1 : 0;
  const counted = events.slice(from);
  const operators = counted.filter(({ cat, name }) => cat === "Node" && name?.endsWith("_kernel_time"));
  const kernels = counted.filter(({ cat }) => cat === "Kernel");
  const sum = (list: readonly ProfileEvent[]) => list.reduce((total, { dur = 0 }) => total + dur, 0);
  const kinds = [...new Set(operators.map(({ args }) => args?.op_name ?? "?"))];
  const shares = kinds.map((kind) => {
    const share = sum(operators.filter(({ args }) => (args?.op_name ?? "?") === kind)) / sum(operators);
    return [kind, Number(share.toFixed(3))] as const;
  });
  return {
    operators: Math.round(operators.length / calls),
    host_share: Object.fromEntries(shares.sort(([, a], [, b]) => b - a).slice(0, KINDS)),
    device_ms: kernels.length > 0 ? sum(kernels) / 1e3 / calls : null,
  };
}
