import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, parse, resolve, sep } from "node:path";
import { Command } from "commander";
import type { Runtime } from "../inference/runtime.js";
import { largestDifference, randomFeeds } from "../optimize/compare.js";
import { contest, thresholds } from "../optimize/contest.js";
import type { Optimized, OptimizedGraph } from "../optimize/optimize.js";
import { type OptimizedFile, withOptimized } from "../optimize/optimized-manifest.js";
import { Rival } from "../optimize/rival.js";
import { type Bundle, loadBundle } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { describe, figuresOf, type Measured } from "./optimize-text.js";
import { type RuntimeFlags, runtimeFrom, runtimeOptions } from "./options.js";
import { printJson, StatusLine } from "./terminal.js";

/** A graph that differs by more from the original is another network. */
const REFUSED_DIFFERENCE = 1e-3;
/** Batch sizes that are timed; graphs take over from one another at one of them. */
const SIZES = [1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100];

interface OptimizeFlags extends RuntimeFlags {
  readonly out: string;
  readonly each?: boolean;
  readonly json?: boolean;
}

export function optimizeCommand(): Command {
  const command = new Command("optimize")
    .description(
      "rewrite a policy's network into graphs that compute the same faster on the CPU, and check them",
    )
    .argument("<bundle>", "folder with policy.yaml and the network")
    .requiredOption("--out <bundle>", "folder for the optimised bundle; may be the same")
    .option("--each", "also measure what each rewrite gains on its own")
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nThe original network stays in the bundle, and with it what was calibrated and measured; nothing is trained.\n" +
        "Takes a minute, on a machine that does nothing else. Example:\n  $ parapilot optimize policies/mine --out policies/mine-fast\n",
    )
    .action(run);
  // The graphs are made for the CPU: there is no provider to choose.
  for (const option of runtimeOptions.filter(({ long }) => !/provider|fallback/.test(long ?? "")))
    command.addOption(option);
  return command;
}

async function run(directory: string, flags: OptimizeFlags): Promise<void> {
  const bundle = await loadBundle(directory);
  const out = resolve(flags.out);
  await checkFree(out, bundle.directory);
  const runtime = runtimeFrom(flags);
  const status = new StatusLine();
  try {
    status.show("rewriting the network");
    // The schema of ONNX takes a while to load, and no other command needs it.
    const { optimize } = await import("../optimize/optimize.js");
    const options = { levels: bundle.manifest.diffusion.levels };
    const optimized = await optimize(bundle.network, options);
    if (optimized.graphs.length === 0) throw nothingFound(optimized);
    const measured = await measure(bundle, optimized.graphs, runtime, status);
    const { worthOfEach } = await import("../optimize/worth.js");
    const feeds = (rows: number) => randomFeeds(bundle.manifest, rows, 1, rows);
    const each = flags.each
      ? await worthOfEach(bundle.network, optimized.graphs, options, runtime, feeds, (rewrite) =>
          status.show(`timing the graphs without ${rewrite}`),
        )
      : undefined;
    const files = await writeBundle(bundle, out, measured);
    status.end();
    const figures = figuresOf(bundle.manifest.name, out, runtime, optimized, measured, files, each);
    if (flags.json) printJson(figures);
    else process.stdout.write(describe(figures));
  } finally {
    status.end();
  }
}

async function checkFree(out: string, source: string): Promise<void> {
  if (out === source) return;
  if (out.startsWith(source + sep)) {
    throw new ConfigurationError(`${out} lies in the bundle itself: name a folder beside it`);
  }
  const there = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new ConfigurationError(`cannot write to ${out} (${error.code}): name a folder`);
  });
  if (there.length > 0) {
    throw new ConfigurationError(
      `${out} holds ${there.length} files already: name a new folder, or empty it`,
    );
  }
}

function nothingFound({ report }: Optimized): ConfigurationError {
  const kept = report.kept.map(({ name, count }) => `${count} ${name}`).join(", ");
  return new ConfigurationError(
    `the network has no layer that parapilot knows how to rewrite (${kept}): it knows 1-D U-Nets as PyTorch exports them ` +
      "(Conv1d, ConvTranspose1d, GroupNorm, Mish, FiLM); the bundle is as good as it gets",
  );
}

async function measure(
  { manifest, network }: Bundle,
  graphs: readonly OptimizedGraph[],
  runtime: Runtime,
  status: StatusLine,
): Promise<Measured> {
  const rivals: Rival[] = [];
  try {
    rivals.push(await Rival.load("original", network, runtime));
    for (const { name, bytes } of graphs) rivals.push(await Rival.load(name, bytes, runtime));
    const [original, ...others] = rivals;
    const differences: number[] = [];
    for (const rival of others) {
      status.show(`comparing the ${rival.name} graph with the original`);
      const difference = await largestDifference(original, rival, manifest);
      if (!(difference <= REFUSED_DIFFERENCE)) {
        throw new ConfigurationError(
          `the ${rival.name} graph differs from the original by ${difference.toPrecision(2)}, more than ${REFUSED_DIFFERENCE}: ` +
            "nothing was written; please report the network as a bug, and run the bundle as it is",
        );
      }
      differences.push(difference);
    }
    const feeds = (rows: number) => randomFeeds(manifest, rows, 1, rows);
    const contests = await contest(rivals, SIZES, feeds, (rows) => status.show(`timing batches of ${rows}`));
    const [, ...from] = thresholds(contests);
    return {
      contests,
      graphs: graphs.map((graph, k) => ({ ...graph, difference: differences[k], from: from[k] })),
    };
  } finally {
    for (const rival of rivals) await rival.close();
  }
}

async function writeBundle(bundle: Bundle, out: string, { graphs }: Measured): Promise<OptimizedFile[]> {
  const { file: network } = bundle.manifest.denoiser;
  if (out !== bundle.directory) {
    await mkdir(out, { recursive: true });
    await cp(bundle.directory, out, { recursive: true });
  }
  const files: OptimizedFile[] = [];
  for (const { name, bytes, from } of graphs) {
    const file = `${parse(network).name}.${name}.onnx`;
    if (from === null) await rm(join(out, file), { force: true });
    else {
      await writeFile(join(out, file), bytes);
      files.push({ file, sha256: createHash("sha256").update(bytes).digest("hex"), from_rows: from });
    }
  }
  if (files.length > 0) {
    const manifest = join(out, "policy.yaml");
    await writeFile(manifest, withOptimized(await readFile(manifest, "utf8"), files));
  }
  return files;
}
