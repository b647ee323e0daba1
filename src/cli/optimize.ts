import { readdir } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { Command } from "commander";
import { randomFeeds } from "../optimize/compare.js";
import { measure } from "../optimize/measure.js";
import type { Optimized } from "../optimize/optimize.js";
import { writeBundle } from "../optimize/write-bundle.js";
import { loadBundle } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import { describe, figuresOf } from "./optimize-text.js";
import { type RuntimeFlags, runtimeFrom, runtimeOptions } from "./options.js";
import { printJson, StatusLine } from "./terminal.js";

interface OptimizeFlags extends RuntimeFlags {
  readonly out: string;
  readonly each?: boolean;
  readonly json?: boolean;
}

export function optimizeCommand(): Command {
  const command = new Command("optimize")
    .description(
      "rewrite a policy's network into graphs that compute the same faster, for CPU and GPU, and check them",
    )
    .argument("<bundle>", "folder with policy.yaml and the network")
    .requiredOption("--out <bundle>", "folder for the optimised bundle; may be the same")
    .option("--each", "also measure what each rewrite gains on its own")
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nThe original network stays in the bundle, and with it what was calibrated and measured; nothing is trained.\n" +
        "Graphs for a GPU are compared on the CPU, and timed where cuda or webgpu can be used.\n" +
        "Takes a minute, on a machine that does nothing else. Example:\n  $ parapilot optimize policies/mine --out policies/mine-fast\n",
    )
    .action(run);
  // Graphs for all providers are made: there is none to choose.
  for (const option of runtimeOptions.filter(({ long }) => !/provider|fallback/.test(long ?? "")))
    command.addOption(option);
  return command;
}

async function run(directory: string, flags: OptimizeFlags): Promise<void> {
  const bundle = await loadBundle(directory);
  const out = resolve(flags.out);
  await checkFree(out, bundle.directory);
  // Of several threads each answers its own part of a large call, in a session of one.
  const runtime = { ...runtimeFrom({ threads: 1, ...flags }), provider: "cpu" as const };
  const status = new StatusLine();
  try {
    status.show("rewriting the network");
    // The schema of ONNX takes a while to load, and few other commands need it.
    const { optimize } = await import("../optimize/optimize.js");
    const options = { levels: bundle.manifest.diffusion.levels };
    const optimized = await optimize(bundle.network, options);
    if (optimized.graphs.length === 0) throw nothingFound(optimized);
    const measured = await measure(bundle, optimized, runtime, (what) => status.show(what));
    const { worthOfEach } = await import("../optimize/worth.js");
    const feeds = (rows: number) => randomFeeds(bundle.manifest, rows, 1, rows);
    const gpu = measured.gpu && { ...runtime, provider: measured.gpu.provider };
    const each = flags.each
      ? await worthOfEach(
          bundle.network,
          optimized,
          options,
          { cpu: runtime, ...(gpu ? { gpu } : {}) },
          feeds,
          (what) => status.show(what),
        )
      : undefined;
    const written = await writeBundle(bundle, out, measured.graphs, optimized.observation);
    status.end();
    const figures = figuresOf(bundle.manifest.name, out, runtime, optimized, measured, written, each);
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
