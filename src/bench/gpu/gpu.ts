import { env } from "onnxruntime-node";
import type { World } from "../../../sim/world.js";
import type { Device } from "../../inference/providers/devices.js";
import { tryProvider } from "../../inference/providers/try-provider.js";
import type { Runtime } from "../../inference/runtime.js";
import type { Bundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import { whyNoMeasurement } from "./adapter.js";
import { measureRates } from "./device-rates.js";
import { benchNetworkOn, emptyResult, type GpuPlan } from "./network-bench.js";
import { isRandom } from "./random-bundle.js";
import type { GpuBench, NetworkResult } from "./result.js";
import type { CallSource } from "./row-table.js";
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
    device: device.name,
    not_a_measurement: whyNoMeasurement(provider, device, undefined),
    rates: null,
    networks: [],
    unfinished: "rates",
  };
  const grow = (more: Partial<GpuBench>) => {
    bench = { ...bench, ...more };
    save(bench);
  };
  const rates = await measureRates(plan.runtime, progress);
  grow({ rates, not_a_measurement: whyNoMeasurement(provider, device, rates.gflop_per_s.float32) });

  let source: CallSource | undefined;
  const done: NetworkResult[] = [];
  // Bundles may differ in their optimised graphs alone, and the peer has none.
  const metByPeer = new Set<string>();
  for (const bundle of ordered) {
    const { name, denoiser } = bundle.manifest;
    const { peer, ...alone } = plan;
    const asked = peer && !metByPeer.has(denoiser.sha256) ? plan : alone;
    let latest: NetworkResult | undefined;
    const saveNetwork = (result: NetworkResult) => {
      latest = result;
      grow({ networks: [...done, result], unfinished: name });
    };
    const say = (what: string) => progress(`${name} on ${provider}: ${what}`);
    try {
      const world = () => openWorld(bundle.manifest.task);
      const measured = await benchNetworkOn(
        bundle,
        asked,
        rates,
        source ?? recordedSource(shipped),
        world,
        saveNetwork,
        say,
      );
      done.push(measured.result);
      metByPeer.add(denoiser.sha256);
      source ??= measured.source;
    } catch (error) {
      done.push({ ...(latest ?? emptyResult(bundle, provider)), failure: (error as Error).message });
    }
    grow({ networks: done });
  }
  grow({ unfinished: null });
  return bench;
}

/** @throws ConfigurationError with what is wrong with the first, when the provider runs none of them. */
async function deviceThatRuns(bundles: readonly Bundle[], runtime: Runtime): Promise<Device> {
  const reasons: (string | null)[] = [];
  for (const policy of bundles) {
    const { usable, reason, device } = await tryProvider(runtime, { policy });
    if (usable) return device;
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
