import { readFile, rename, writeFile } from "node:fs/promises";
import { Command } from "commander";
import type { GpuBench } from "../../bench/gpu/result.js";
import { loadBundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import {
  DEFAULT_POLICY,
  type RuntimeFlags,
  runtimeFrom,
  runtimeOptions,
  shipped,
  wholeNumber,
  wholeNumbers,
} from "../options.js";
import { printJson, StatusLine } from "../terminal.js";
import { openWorld } from "../worlds.js";
import { gpuText } from "./gpu-text/gpu-text.js";

const BATCHES = [1, 2, 4, 8, 16, 32, 50, 64, 100];

interface GpuFlags extends RuntimeFlags {
  readonly states: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly batch?: readonly number[];
  readonly peer?: string;
  readonly compile?: boolean;
  readonly out?: string;
  readonly show?: readonly string[];
  readonly json?: boolean;
}

export function gpuCommand(): Command {
  const command = new Command("gpu")
    .description(
      "milliseconds of a chunk by sampler, where they go, the device's floor, and PyTorch on the same machine in turns",
    )
    .argument("[bundle...]", "folders of policies, also of random ones (scripts/gpu/random-bundle.mjs)")
    .option("--states <n>", "states that are solved, and replays for a random network", wholeNumber(1), 64)
    .option("--rounds <n>", "calls of every batch size", wholeNumber(1), 31)
    .option("--seconds <n>", "begin no further turn of a network after so long", wholeNumber(1), 90)
    .option("--batch <n>", "batch size of the curve; give it several times for several", wholeNumbers(1))
    .option("--peer <python>", "time PyTorch in turns, by this interpreter")
    .option("--compile", "torch.compile variants of the peer too; they take minutes to make")
    .option("--out <file>", "also write the JSON there, again and again while it grows")
    .option("--show <file...>", "measure nothing: print what runs have written")
    .option("--json", "print one JSON object on standard output")
    .action(gpuBench);
  for (const option of runtimeOptions) command.addOption(option);
  return command;
}

async function gpuBench(directories: readonly string[], flags: GpuFlags): Promise<void> {
  if (flags.show) {
    const runs = await Promise.all(flags.show.map(readRun));
    process.stdout.write(gpuText(runs));
    return;
  }
  const policy = await loadBundle(DEFAULT_POLICY);
  const bundles = await Promise.all(directories.map((directory) => loadBundle(directory)));
  const { states, rounds, seconds, batch = BATCHES, peer: python, compile = false, out } = flags;
  const batches = [...new Set(batch)].sort((a, b) => a - b);
  const peer = python && { python, script: shipped("policies/train/peer.py"), compile };
  const plan = { runtime: runtimeFrom(flags), states, rounds, seconds, batches, ...(peer ? { peer } : {}) };
  const status = new StatusLine();
  const writer = out ? new Writer(out) : undefined;
  const { benchGpu } = await import("../../bench/gpu/gpu.js");
  const bench = await benchGpu(
    bundles.length > 0 ? bundles : [policy],
    policy,
    plan,
    openWorld,
    (grown) => writer?.write(grown),
    (what) => status.show(what),
  );
  status.end();
  await writer?.end();
  if (flags.json) return printJson(bench);
  process.stdout.write(gpuText([bench]));
}

/** Replaces a file by its newest content, one write at a time: whoever reads it finds a whole one. */
class Writer {
  readonly #file: string;
  #writing: Promise<void> = Promise.resolve();
  #next: GpuBench | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  write(bench: GpuBench): void {
    const isIdle = this.#next === undefined;
    this.#next = bench;
    if (isIdle) this.#writing = this.#writing.then(() => this.#flush());
  }

  end(): Promise<void> {
    return this.#writing;
  }

  async #flush(): Promise<void> {
    const bench = this.#next;
    this.#next = undefined;
    await writeFile(`${this.#file}.new`, JSON.stringify(bench));
    await rename(`${this.#file}.new`, this.#file);
  }
}

async function readRun(file: string): Promise<GpuBench> {
  let run: { readonly format?: unknown };
  try {
    run = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ConfigurationError(`cannot read ${file}: ${(error as Error).message}`);
  }
  if (run?.format === "parapilot-bench-gpu/1") return run as GpuBench;
  throw new ConfigurationError(
    `${file} is no run of the GPU; write it with: parapilot bench gpu --out ${file}`,
  );
}
