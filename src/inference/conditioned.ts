import type { Manifest } from "../policy/manifest.js";
import { cleanFromNoise, type NoiseNetwork } from "../sampling/denoiser.js";
import { squaredCosine } from "../sampling/schedule.js";
import type { Share } from "./joint/joint-calls.js";
import type { ConditionedDenoiser } from "./tick-solver.js";
import type { FaultInjector } from "./worker-faults.js";

/** A network, or a share of one, as the solver sees it; with an injector, failing where it is told to. */
export function conditioned(
  network: Share,
  manifest: Manifest,
  injector?: FaultInjector,
): ConditionedDenoiser {
  const { levels, clip } = manifest.diffusion;
  const failing: NoiseNetwork = {
    shape: network.shape,
    async predictNoise(states, levelsOfRows, rows, out) {
      await network.predictNoise(states, levelsOfRows, rows, out);
      injector?.called(out);
    },
  };
  const { shape, predict } = cleanFromNoise(failing, squaredCosine(levels), clip);
  return {
    shape,
    predict,
    observe: (observation) => network.observe(observation),
    get networkMs() {
      return network.runMs + (injector?.sleptMs ?? 0);
    },
  };
}
