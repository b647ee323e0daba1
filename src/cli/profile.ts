import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { FAULT_EXAMPLES } from "../faults/parse-faults.js";
import { ConfigurationError } from "../policy/errors.js";
import { chromeTrace } from "../profile/chrome-trace.js";
import { renderProfile } from "../profile/profile-report.js";
import { TraceWindow } from "../profile/trace-window.js";
import { budgetOptions } from "./budget-options.js";
import { wholeNumber } from "./options.js";
import { profileRunning } from "./profile-attached.js";
import type { ProfileFlags } from "./profile-flags.js";
import { profileLaunch } from "./profile-launch.js";
import { profileText } from "./profile-text.js";
import { printJson } from "./terminal.js";

/** Ticks that the trace keeps. */
const TRACED_TICKS = 2000;

export function profileCommand(): Command {
  const command = new Command("profile")
    .description("say where the time of a control loop goes: per stage, per sweep, per missed budget")
    .argument("[launch]", "launch file: runs its policy with the world it was trained for")
    .option("--ticks <n>", "control steps to measure, after warm-up", wholeNumber(1), 1000)
    .option("--warmup <n>", "control steps before that", wholeNumber(0), 20)
    .option("--real-time", "the world goes on at the policy's rate; default: lock-step, as fast as it gets")
    .option(
      "--attach <url>",
      "measure a node that is running with --view instead, e.g. http://127.0.0.1:8080",
    )
    .option("--fault <spec>", `inject faults: ${FAULT_EXAMPLES}`)
    .option("--seed <n>", "seed of the first episode and of the faults", wholeNumber(0), 100_000)
    .option("--report <file>", "the page to write", "out/profile.html")
    .option("--trace <file>", "also write a Chrome trace of the last ticks, for ui.perfetto.dev")
    .option("--json", "print one JSON object on standard output")
    .addHelpText("after", "\nExample:\n  $ parapilot profile launch/pusht.yaml --ticks 1000\n")
    .action(profile);
  for (const option of budgetOptions) command.addOption(option);
  return command;
}

async function profile(file: string | undefined, flags: ProfileFlags): Promise<void> {
  if ((file === undefined) === (flags.attach === undefined)) {
    throw new ConfigurationError(
      "give either a launch file, to run its loop, or --attach with the address of a node's live page",
    );
  }
  await mkdir(dirname(flags.report), { recursive: true });
  const trace = new TraceWindow(TRACED_TICKS);
  const {
    title,
    profile: taken,
    result,
  } = file
    ? await profileLaunch(file, flags, trace)
    : await profileRunning(flags.attach as string, flags, trace);
  await writeFile(flags.report, renderProfile(title, result, taken.plots()));
  if (flags.trace) await writeTrace(flags.trace, trace);
  if (flags.json) printJson(result);
  else process.stdout.write(profileText(result));
  const traced = flags.trace ? `, and ${flags.trace} at ui.perfetto.dev` : "";
  process.stderr.write(`open ${flags.report} in a browser${traced}\n`);
}

async function writeTrace(file: string, trace: TraceWindow): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, chromeTrace(trace));
}
