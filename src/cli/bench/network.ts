import { Command } from "commander";
import { benchNetwork, type NetworkBench } from "../../bench/network.js";
import { optimizedFor } from "../../inference/graphs.js";
import { describeRuntime, type Runtime } from "../../inference/runtime.js";
import { type Bundle, loadBundle } from "../../policy/bundle.js";
import { DEFAULT_POLICY, type RuntimeFlags, runtimeFrom, runtimeOptions, wholeNumbers } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";

const BATCHES = [1, 2, 4, 8, 16, 32, 64, 100];

interface NetworkFlags extends RuntimeFlags {
  readonly batch?: readonly number[];
  readonly json?: boolean;
}

export function networkCommand(): Command {
  const command = new Command("network")
    .description(
      "time of one network call by batch size, without and with the policy's optimised graphs, in turns",
    )
    .argument("[bundle]", "folder of the policy", DEFAULT_POLICY)
    .option(
      "--batch <n>",
      `rows of a call; give it several times for several (default: ${BATCHES.join(", ")})`,
      wholeNumbers(1),
    )
    .option("--json", "print one JSON object on standard output")
    .action(networkBench);
  for (const option of runtimeOptions) command.addOption(option);
  return command;
}

async function networkBench(directory: string, flags: NetworkFlags): Promise<void> {
  const bundle = await loadBundle(directory);
  const runtime = runtimeFrom(flags);
  const status = new StatusLine();
  const why = whyOriginalAlone(bundle, runtime);
  if (why) status.note(why);
  const { rows, ratios } = await benchNetwork(bundle, runtime, flags.batch ?? BATCHES, (what) =>
    status.show(what),
  );
  status.end();
  const { provider, threads } = runtime;
  if (flags.json) return printJson({ policy: bundle.manifest.name, provider, threads, rows, ratios });
  process.stdout.write(
    `${bundle.manifest.name}, ${describeRuntime(runtime)}, milliseconds of a call\n${describe({ rows, ratios })}\n`,
  );
}

function whyOriginalAlone(bundle: Bundle, { provider }: Runtime): string | undefined {
  if (optimizedFor(bundle, provider).length > 0) return undefined;
  const { name, denoiser } = bundle.manifest;
  return bundle.optimized.length > 0
    ? `${name} has no optimised graph for ${provider}, which runs ${denoiser.file}; parapilot optimize makes one for each`
    : `${name} has no optimised graphs; this would make a bundle that has: parapilot optimize ${bundle.directory} --out <folder>`;
}

function describe({ rows, ratios }: NetworkBench): string {
  const originals = rows.filter(({ graph }) => graph === "original");
  if (ratios.length === 0) {
    return table([
      ["batch", "original"],
      ...originals.map(({ batch, ms_p50 }) => [`${batch}`, ms_p50.toFixed(2)]),
    ]);
  }
  const optimized = rows.filter(({ graph }) => graph === "optimized");
  const cells = originals.map(({ batch, ms_p50 }, k) => [
    `${batch}`,
    ms_p50.toFixed(2),
    optimized[k].ms_p50.toFixed(2),
    ratios[k].ratio.toFixed(2),
    ratios[k].difference.toExponential(0),
    optimized[k].file,
  ]);
  return table([["batch", "original", "optimised", "ratio", "differs by", "answered by"], ...cells]);
}
