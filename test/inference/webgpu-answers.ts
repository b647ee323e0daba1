import { InferenceHost } from "../../src/inference/host.js";
import { jointFiles } from "../../src/inference/joint/joint-files.js";
import { requireRowsApart } from "../../src/inference/joint/rows-apart.js";
import { OnnxNetwork } from "../../src/inference/onnx.js";
import { chooseProvider } from "../../src/inference/providers/choose-provider.js";
import { resolveSolver } from "../../src/inference/settings.js";
import { isSolved } from "../../src/inference/tick.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { middleObservation } from "../../src/policy/manifest.js";
import { SHIPPED } from "../policy/bundles.js";

// A process of its own, because an adapter is found by its environment. Prints what is asked for as JSON.
const bundle = await loadBundle(SHIPPED);
const settings = { threads: 1, spin: false };

const asked = {
  async networks() {
    const answers: Record<string, number[][]> = {};
    for (const provider of ["cpu", "webgpu"] as const) {
      const network = await OnnxNetwork.load(bundle, { ...settings, provider });
      network.observe(Float64Array.from({ length: 40 }, (_, k) => Math.sin(k)));
      answers[provider] = [];
      for (const rows of [1, 3, 8]) {
        const states = Float64Array.from({ length: rows * 32 }, (_, k) => Math.sin(1.3 * k + 0.2));
        const answer = new Float64Array(rows * 32);
        await network.predictNoise(
          states,
          Int32Array.from({ length: rows }, (_, k) => (7 * k) % 100),
          rows,
          answer,
        );
        answers[provider].push(Array.from(answer));
      }
      await network.close();
    }
    return answers;
  },

  /** Rows of two observations in one call. */
  async joint() {
    const answers: Record<string, number[]> = {};
    const states = Float64Array.from({ length: 6 * 32 }, (_, k) => Math.sin(1.3 * k + 0.2));
    const owners = Int32Array.from({ length: 6 }, (_, k) => k % 2);
    for (const provider of ["cpu", "webgpu"] as const) {
      const files = jointFiles(bundle, provider);
      const network = await OnnxNetwork.load(files, { ...settings, provider });
      await requireRowsApart(network, files);
      network.observe(Float64Array.from({ length: 80 }, (_, k) => Math.sin(k)));
      const answer = new Float64Array(states.length);
      await network.predictNoise(states, Int32Array.of(0, 9, 30, 31, 60, 99), 6, answer, owners);
      answers[provider] = Array.from(answer);
      await network.close();
    }
    return answers;
  },

  /** Two ticks, the second one warm; two steps, because a call takes a second, and the first of a batch size several. */
  async solves() {
    const chunks: Record<string, number[][]> = {};
    for (const provider of ["cpu", "webgpu"] as const) {
      const host = await InferenceHost.start(bundle, {
        runtime: { ...settings, provider },
        solver: { name: "picard", rule: { name: "ddim", steps: 2 }, tolerance: 0.001 },
        hangMs: 60_000,
      });
      chunks[provider] = [];
      for (const tick of [0, 1]) {
        const observation = middleObservation(bundle.manifest).map((value) => value + tick);
        const executed = tick === 0 ? null : 1;
        const solved = await host.solve({ session: "arm", episode: 0, tick, executed, observation }).done;
        if (!isSolved(solved)) throw new Error(solved.message);
        chunks[provider].push(Array.from(solved.actions));
      }
      await host.close();
    }
    return chunks;
  },

  async choice() {
    return chooseProvider(bundle, { ...settings, provider: "auto" }, resolveSolver({}, true));
  },
};

console.log(JSON.stringify(await asked[process.argv[2] as keyof typeof asked]()));
