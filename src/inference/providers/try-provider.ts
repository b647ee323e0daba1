import type { Bundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import type { BatchCurve } from "../batch-curve.js";
import type { ProviderName, Runtime } from "../runtime.js";
import type { SolverSettings } from "../settings.js";
import { missingLibraries } from "./cuda-libraries.js";
import { type Device, deviceOf } from "./devices.js";
import { probeAnswer } from "./probe-answer.js";
import { type ProbeOptions, type ProbeOutcome, runProbe } from "./probe-process.js";
import type { ProbeReport, ProbeRequest } from "./probe-protocol.js";
import { explainFailure } from "./provider-failure.js";

/** Of the largest number in the right answer. Tensor cores round factors to 10 bits: 1e-3; wrong kernels are off by 1. */
const WRONG = 0.01;
/** The first call on a device loads and compiles much, on a busy machine for long. */
const ANSWER_PATIENCE_MS = 60_000;
/** The policy's network, and what it costs. */
const POLICY_PATIENCE_MS = 120_000;

/** What was found out about an execution provider here. */
export interface ProviderFinding {
  readonly name: ProviderName;
  readonly usable: boolean;
  /** One line: why not, and what to do. */
  readonly reason: string | null;
  readonly device: Device;
  /** Nodes of the policy's network by the provider that runs them; null unless fallback is allowed. */
  readonly placement: Readonly<Record<string, number>> | null;
  /** Null when it was not measured. */
  readonly costs: { readonly curve: BatchCurve; readonly expectedMs: number } | null;
  /** Why it was not measured although asked for. */
  readonly unmeasured: string | null;
}

export interface TryOptions extends Partial<ProbeOptions> {
  /** Also run this policy's network. */
  readonly policy?: Bundle;
  /** Also measure it, for this solver, unless one call takes longer than `atMostMs`. */
  readonly measure?: { readonly solver: SolverSettings; readonly atMostMs?: number };
}

/** Asks the embedded model, then the policy's network, in a process of its own. */
export async function tryProvider(runtime: Runtime, options: TryOptions = {}): Promise<ProviderFinding> {
  const { policy, measure, probe } = options;
  const patienceMs = options.patienceMs ?? (policy ? POLICY_PATIENCE_MS : ANSWER_PATIENCE_MS);
  const request: ProbeRequest = {
    runtime,
    ...(policy && {
      policy: { manifest: policy.manifest, network: policy.network, optimized: policy.optimized },
    }),
    ...(policy &&
      measure && {
        measure: { atMostMs: Number.POSITIVE_INFINITY, ...measure, statistics: policy.statistics },
      }),
  };
  const outcome = await runProbe(request, { patienceMs, ...(probe ? { probe } : {}) });
  const { provider: name } = runtime;
  const problem = problemIn(outcome, policy !== undefined);
  const platform = `${process.platform}-${process.arch}`;
  const reason =
    problem === undefined ? null : explainFailure(name, problem, await logOf(name, outcome), platform);
  const costs = find(outcome, "costs");
  return {
    name,
    usable: reason === null,
    reason,
    device: await deviceOf(name, reason === null),
    placement: runtime.allow_fallback ? placementIn(outcome.stderr) : null,
    costs: reason === null && costs ? { curve: costs.curve, expectedMs: costs.expectedMs } : null,
    unmeasured: reason === null && request.measure && !costs ? whyUnmeasured(outcome) : null,
  };
}

/** @throws ConfigurationError when the provider cannot be used here, saying why and what to do. */
export async function requireProvider(runtime: Runtime, options: TryOptions = {}): Promise<ProviderFinding> {
  const found = await tryProvider(runtime, options);
  if (found.usable) return found;
  throw new ConfigurationError(
    `the provider "${runtime.provider}" cannot be used here: ${found.reason}. ` +
      "parapilot doctor lists what works; the provider cpu always does",
  );
}

/** @example describePlacement({ webgpu: 805, cpu: 1 }) // "805 nodes on webgpu, 1 on cpu" */
export function describePlacement(placement: Readonly<Record<string, number>>): string {
  const shares = Object.entries(placement).sort(([, a], [, b]) => b - a);
  if (shares.length === 0) return "onnxruntime does not say which nodes run where";
  return shares.map(([name, nodes], k) => `${nodes} ${k === 0 ? "nodes " : ""}on ${name}`).join(", ");
}

function problemIn(outcome: ProbeOutcome, withPolicy: boolean): string | undefined {
  const failed = find(outcome, "failed");
  const answer = find(outcome, "answer");
  const network = find(outcome, "network");
  if (answer) {
    const difference = differenceOf(answer.values, probeAnswer());
    if (!(difference <= WRONG))
      return `its numbers are wrong: a small known network is answered ${off(difference)}`;
  }
  if (network && !(network.difference <= WRONG)) {
    return `its numbers are wrong: the policy's network is answered ${off(network.difference)} from the cpu's`;
  }
  // What fails after the last answer fails while measuring, and is told as that.
  if (answer && (network || !withPolicy)) return undefined;
  return failed?.message ?? outcome.ending ?? "it ended without an answer";
}

function off(difference: number): string {
  if (!Number.isFinite(difference)) return "with what is no number";
  return `up to ${(100 * difference).toPrecision(2)} % off`;
}

/** Largest difference, in the largest number that is right. */
function differenceOf(found: readonly number[], right: Float64Array): number {
  if (found.length !== right.length) return Number.POSITIVE_INFINITY;
  const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const differences = found.map((value, k) => Math.abs(value - right[k]) / largest);
  return differences.every(Number.isFinite) ? Math.max(...differences) : Number.POSITIVE_INFINITY;
}

function whyUnmeasured(outcome: ProbeOutcome): string {
  const slow = find(outcome, "slow");
  if (slow) return `a call of one row alone takes ${slow.callMs.toFixed(0)} ms`;
  const why = find(outcome, "failed")?.message ?? outcome.ending ?? "it ended before";
  return `measuring its calls did not come to an end: ${why}`;
}

/** The loader names the first library that it misses; a person wants all of them. */
async function logOf(name: ProviderName, { stderr }: ProbeOutcome): Promise<string> {
  if (name !== "cuda" || !stderr.includes("cannot open shared object")) return stderr;
  const missing = await missingLibraries();
  return [stderr, ...missing.map((file) => `${file}: cannot open shared object file`)].join("\n");
}

function placementIn(log: string): Record<string, number> {
  const placed = log.matchAll(/placed on \[(\w+?)ExecutionProvider\]\. Number of nodes: (\d+)/g);
  const placement: Record<string, number> = {};
  for (const [, provider, nodes] of placed) {
    const name = provider.toLowerCase();
    placement[name] = (placement[name] ?? 0) + Number(nodes);
  }
  return placement;
}

type Report<K extends ProbeReport["kind"]> = Extract<ProbeReport, { kind: K }>;

function find<K extends ProbeReport["kind"]>({ reports }: ProbeOutcome, kind: K): Report<K> | undefined {
  return reports.find((report): report is Report<K> => report.kind === kind);
}
