import { Command, Option } from "commander";
import { benchConvergence, CONVERGED, type ConvergencePlan } from "../../bench/convergence.js";
import { wholeNumber, wholeNumbers } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";
import { verdictText } from "./sampler-text.js";

const CHAINS = [25, 50, 100, 200, 400];

interface ConvergenceFlags {
  readonly rule: ConvergencePlan["rule"];
  readonly steps?: readonly number[];
  readonly samples: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function convergenceCommand(): Command {
  return new Command("convergence")
    .description("sweeps to converge on diffusions of the line whose law is known, by length of the chain")
    .addOption(
      new Option("--rule <name>", "the recurrence").choices(["ddpm", "ddim", "dpm-solver"]).default("ddpm"),
    )
    .option("--steps <n...>", `lengths of the chain (default: ${CHAINS.join(" ")})`, wholeNumbers(2))
    .option("--samples <n>", "samples per law, length and solver", wholeNumber(1), 500)
    .option("--seed <n>", "seed of the noise", wholeNumber(0), 0)
    .option("--json", "print one JSON object on standard output")
    .action(convergenceBench);
}

async function convergenceBench(flags: ConvergenceFlags): Promise<void> {
  const { rule, steps: chains = CHAINS, samples, seed } = flags;
  const status = new StatusLine();
  const rows = await benchConvergence({ rule, chains, samples, seed }, (what) => status.show(what));
  status.end();
  if (flags.json) return printJson({ rule, samples, tolerance: CONVERGED, rows });
  const heading = [
    "law",
    "solver",
    "steps",
    `sweeps to ${CONVERGED}`,
    "p90",
    "accepted",
    "evaluations",
    "KS",
  ];
  const cells = rows.map((row) => [
    row.law,
    row.name,
    String(row.steps),
    figure(row.sweeps_to_tolerance?.mean, 1),
    figure(row.sweeps_to_tolerance?.p90, 0),
    row.sweeps_accepted.toFixed(1),
    row.evals_mean.toFixed(0),
    row.ks.toFixed(3),
  ]);
  process.stdout.write(
    `${rule}, ${samples} samples each; KS is the distance to the known law, ${rows[0].ks_chance.toFixed(3)} by chance\n` +
      `${table([heading, ...cells])}\n\n` +
      `${verdictText(rows, (k) => `${rows[k].law}, ${rows[k].steps} steps, ${rows[k].name}`)}\n`,
  );
}

function figure(value: number | undefined, digits: number): string {
  if (value === undefined) return "law";
  return Number.isNaN(value) ? "never" : value.toFixed(digits);
}
