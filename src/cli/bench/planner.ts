import type { Command } from "commander";
import { benchPlanner } from "../../bench/planner.js";
import { describeRuntime } from "../../inference/runtime.js";
import { solverSettingsSchema } from "../../inference/settings.js";
import { wholeNumber, wholeNumbers } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { openBench, type WorldFlags, worldBench } from "./setup.js";

interface PlannerFlags extends WorldFlags {
  readonly states: number;
  readonly seed: number;
  readonly stride?: readonly number[];
  readonly repeats: number;
}

export function plannerCommand(): Command {
  return worldBench(
    "planner",
    "what --solver auto expects of every solver that it may choose, against what solves take here",
  )
    .option("--states <n>", "states per stride", wholeNumber(1), 24)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--stride <n...>", "executed steps between ticks (default: 1 and the policy's)", wholeNumbers(1))
    .option("--repeats <n>", "times that every solve is made; the median counts", wholeNumber(1), 3)
    .action(plannerBench);
}

async function plannerBench(flags: PlannerFlags): Promise<void> {
  const { states, repeats, seed } = flags;
  const bench = await openBench(flags);
  const { bundle, runtime, network } = bench;
  const { name, n_action_steps } = bundle.manifest;
  const strides = flags.stride ?? [...new Set([1, n_action_steps])];
  const wanted = solverSettingsSchema.parse({ name: "auto" });
  const status = new StatusLine();
  const { curve, rows, verdicts } = await benchPlanner(
    bench,
    wanted,
    { states, repeats, strides, seed },
    (what) => status.show(what),
  );
  status.end();
  await network.close();
  const conditions = `${states} states per stride, ${repeats} solves of each, ${describeRuntime(runtime)}`;
  if (flags.json) return printJson({ policy: name, conditions, curve, rows, verdicts });
  const heading = ["solver", "stride", "expected ms", "of calls here", "measured", "network's share"];
  const cells = rows.map((row) => [
    row.label,
    `${row.stride}`,
    row.expected_ms.toFixed(1),
    row.expected_of_calls_ms.toFixed(1),
    row.measured_ms.toFixed(1),
    `${((100 * row.network_ms) / row.measured_ms).toFixed(1)} %`,
  ]);
  const lines = verdicts.map(
    ({ stride, chosen, fastest, gap }) =>
      `${stride} executed: ${chosen} is chosen, ${gap === 0 ? "the fastest" : `${(100 * gap).toFixed(0)} % slower than ${fastest}`}`,
  );
  process.stdout.write(`${name}, ${conditions}\n${table([heading, ...cells])}\n\n${lines.join("\n")}\n`);
}
