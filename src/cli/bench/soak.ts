import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { Growth } from "../../bench/growth.js";
import { type SoakResult, soak } from "../../bench/soak.js";
import { describeRuntime } from "../../inference/runtime.js";
import { loadBundle } from "../../policy/bundle.js";
import { RUNGS } from "../../telemetry/loop-event.js";
import { type BudgetFlags, budgetOptions, withBudgets } from "../budget-options.js";
import { runtimeFrom, type SolverFlags, solverFrom, solverOptions, wholeNumber } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openWorldOf } from "../worlds.js";
import { type WorldFlags, worldBench } from "./setup.js";
import { openSoakNode, type SoakNodeFigures } from "./soak-node.js";

/** Few enough that in real time an episode is played to its end before the next one is due. */
const SAMPLES = { lockStep: 200, realTime: 40 };

interface SoakFlags extends WorldFlags, SolverFlags, BudgetFlags {
  readonly ticks: number;
  readonly realTime?: boolean;
  readonly minutes: number;
  readonly seed: number;
  readonly record: boolean;
  readonly scratch: string;
}

export function soakCommand(): Command {
  const command = worldBench(
    "soak",
    "run a control loop for long and say whether memory, handles or files grow; ends with code 1 if they do",
  )
    .option("--ticks <n>", "control steps to play", wholeNumber(40), 100_000)
    .option(
      "--real-time",
      "over a ZeroMQ socket at the policy's rate; default: lock-step, as fast as it gets",
    )
    .option("--minutes <m>", "real time: how long to play, instead of --ticks", minutes, 20)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option(
      "--no-record",
      "without a recording, which takes about 2 kB per control step, 180 MB for 100,000, until the end",
    )
    .option("--scratch <folder>", "where recording and log go; they are deleted afterwards", tmpdir())
    .action(soakBench);
  for (const option of [...solverOptions, ...budgetOptions]) command.addOption(option);
  return command;
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value < Number.POSITIVE_INFINITY))
    throw new InvalidArgumentError("give at least 0.1");
  return value;
}

async function soakBench(flags: SoakFlags): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const { name, rate_hz } = bundle.manifest;
  const { seed, realTime = false } = flags;
  const ticks = realTime ? Math.round(flags.minutes * 60 * rate_hz) : flags.ticks;
  const samples = realTime ? SAMPLES.realTime : SAMPLES.lockStep;
  const solver = solverFrom(flags);
  const runtime = runtimeFrom(flags);
  const { budgets } = await withBudgets({ budgets: {} }, flags);
  await mkdir(flags.scratch, { recursive: true });
  const folder = await mkdtemp(join(flags.scratch, "soak-"));
  const status = new StatusLine();
  let result: SoakResult;
  let figures: SoakNodeFigures;
  let described: Record<string, string>;
  try {
    const setup = { solver, runtime, budgets, isSocket: realTime, isRecorded: flags.record, folder };
    const node = await openSoakNode(bundle, setup, status);
    described = {
      policy: name,
      runtime: describeRuntime(runtime),
      solver: node.solver,
      budgets: node.budgets,
      pace: realTime ? "real time, ZeroMQ" : "lock-step, in memory",
    };
    const options = { ticks, seed, samples, pace: realTime ? node.clock : "lock-step" } as const;
    try {
      result = await soak(
        await openWorldOf(bundle.manifest, flags.world),
        node.client,
        { ...options, pause: () => node.pause() },
        (what) => status.show(what),
      );
    } finally {
      figures = await node.close();
    }
  } finally {
    status.end();
    await rm(folder, { recursive: true, force: true });
  }
  if (result.grows) process.exitCode = 1;
  const { rows, ...rest } = result;
  if (flags.json) printJson({ ...described, ...figures, ...rest, rows });
  else process.stdout.write(inWords(described, figures, result));
}

function inWords(
  described: Readonly<Record<string, string>>,
  figures: SoakNodeFigures,
  { steps, silent_steps, episodes, wall_s, rows, handles, grows }: SoakResult,
): string {
  const { policy, solver, runtime, pace, budgets } = described;
  const { ticks, silent_ticks, missed, unsafe_actions, unsafe, ladder, workers_lost, recording } = figures;
  const heading = ["after warm-up", "level", "last", "change", "per 1000 ticks", "±", "grows"];
  const kinds = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", ");
  const recorded = recording
    ? `${recording.written} events, ${(recording.bytes / 1e6).toFixed(1)} MB, ${recording.dropped} dropped`
    : "none";
  const lines = [
    `${policy}: ${steps} control steps (${silent_steps} without an action), ${episodes} episodes in ${wall_s} s; ${pace}; ${solver}; ${runtime}; ${budgets}`,
    `${ticks} actions, ${silent_ticks} silent ticks, ${missed} missed, ${unsafe_actions} unsafe, ${workers_lost} workers lost` +
      `; ${RUNGS.map((rung) => `${rung} ${ladder[rung]}`).join(", ")}`,
    ...(unsafe ? [`  the first unsafe one: ${unsafe}`] : []),
    `recording ${recorded}; log ${(figures.log_bytes / 1e6).toFixed(1)} MB; live page ${figures.view_dropped} dropped`,
    table([heading, ...rows.map(cells)]),
    `handles after warm-up: ${kinds(handles.warm)}`,
    `handles at the end:    ${kinds(handles.end)}`,
    ...rows.flatMap(({ name, grows: isGrowing, rule }) => (isGrowing ? [`${name} grows: ${rule}`] : [])),
    grows ? "the process grows" : "nothing grows",
  ];
  return `${lines.join("\n")}\n`;
}

function cells({ name, unit, level, last, growth_percent, ...row }: Growth): string[] {
  const [scale, shown] = unit === "B" ? [1e6, "MB"] : [1, unit];
  const slope = unit === "B" ? 1e3 : 1;
  return [
    `${name.replaceAll("_", " ")}${shown && ` ${shown}`}`,
    (level / scale).toFixed(2),
    (last / scale).toFixed(2),
    `${growth_percent.toFixed(1)} %`,
    `${(row.per_1000_ticks / slope).toFixed(3)}${unit === "B" ? " kB" : ""}`,
    (row.per_1000_ticks_error / slope).toFixed(3),
    row.grows === null ? "–" : row.grows ? "yes" : "no",
  ];
}
