import { env } from "onnxruntime-node";
import type { World } from "../../../sim/world.js";
import { tryProvider } from "../../inference/providers.js";
import type { Runtime } from "../../inference/runtime.js";
import type { Bundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import { whyNoMeasurement } from "./adapter.js";
import { measureRates } from "./device-rates.js";
import { benchNetworkOn, type CallSource, emptyResult, type GpuPlan } from "./network-bench.js";
import { isRandom } from "./random-bundle.js";
import type { GpuBench, NetworkResult } from "./result.js";
import { runnersOf } from "./runners.js";

/**
 * Measures networks on one provider, the trained ones first: the others are measured by the calls of their solves.
 *
 * @param shipped the policy whose recorded statistics say what is called where no trained one is measured.
 * @param save is given everything again and again as it grows.
 * @throws ConfigurationError when the provider cannot run any of the networks here.
 */
export async function benchGpu(
  bundles: readonly Bundle[],
  shipped: Bundle,
  plan: GpuPlan,
  openWorld: (task: string) => Promise<World>,
  save: (bench: GpuBench) => void,
  progress: (what: string) => void,
): Promise<GpuBench> {
  const { provider, threads } = plan.runtime;
  const [trained, random] = [bundles.filter(isTrained), bundles.filter((bundle) => !isTrained(bundle))];
  const ordered = [...trained, ...random];
  progress(`trying ${provider}`);
  const device = await deviceThatRuns(ordered, plan.runtime);

  let bench: GpuBench = {
    format: "parapilot-bench-gpu/1",
    provider,
    threads,
    onnxruntime: env.versions.node ?? env.versions.common,
    device,
    not_a_measurement: whyNoMeasurement(provider, undefined),
    rates: null,
    networks: [],
    unfinished: "rates",
  };
  const grow = (more: Partial<GpuBench>) => {
    bench = { ...bench, ...more };
    save(bench);
  };
  const rates = await measureRates(plan.runtime, progress);
  grow({ rates, not_a_measurement: whyNoMeasurement(provider, rates.gflop_per_s.float32) });

  let source = recordedSource(shipped);
  const done: NetworkResult[] = [];
  for (const bundle of ordered) {
    const { name } = bundle.manifest;
    let latest: NetworkResult | undefined;
    const saveNetwork = (result: NetworkResult) => {
      latest = result;
      grow({ networks: [...done, result], unfinished: name });
    };
    const say = (what: string) => progress(`${name} on ${provider}: ${what}`);
    try {
      const world = () => openWorld(bundle.manifest.task);
      const measured = await benchNetworkOn(bundle, plan, rates, source, world, saveNetwork, say);
      done.push(measured.result);
      source = measured.source;
    } catch (error) {
      done.push({ ...(latest ?? emptyResult(bundle)), failure: (error as Error).message });
    }
    grow({ networks: done });
  }
  grow({ unfinished: null });
  return bench;
}

/** @throws ConfigurationError with what is wrong with the first, when the provider runs none of them. */
async function deviceThatRuns(bundles: readonly Bundle[], runtime: Runtime): Promise<string | null> {
  const reasons: (string | null)[] = [];
  for (const policy of bundles) {
    const { usable, reason, device } = await tryProvider(runtime, { policy });
    if (usable) return device.name;
    reasons.push(reason);
  }
  throw new ConfigurationError(`${runtime.provider} is not usable: ${reasons[0]}`);
}

function isTrained({ manifest }: Bundle): boolean {
  return !isRandom(manifest);
}

function recordedSource(shipped: Bundle): CallSource {
  const rows = runnersOf(shipped).flatMap((runner) =>
    runner.recorded ? [{ runner, patterns: [runner.recorded], own_ms: null }] : [],
  );
  return { policy: `recorded solves of ${shipped.manifest.name}`, rows };
}
