import { Command } from "commander";
import { parseDuration } from "../control/duration.js";
import { describeSolver } from "../inference/settings.js";
import { loadBundle } from "../policy/bundle.js";
import { ConfigurationError } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";
import { bundleFingerprint, versions } from "../recording/mcap-header.js";
import type { RecordedEvent } from "../recording/mcap-schema.js";
import { Recording, type RecordingHeader } from "../recording/recording.js";
import { compare } from "../replay/compare.js";
import { recordedSettings } from "../replay/recorded-settings.js";
import { rehearse } from "../replay/rehearse.js";
import { LocalResolver } from "../replay/resolver.js";
import { type SolverFlags, solverFrom, solverOptions } from "./options.js";
import { comparisonText, rehearsalText } from "./replay-text.js";
import { printJson, StatusLine } from "./terminal.js";

interface ReplayFlags extends SolverFlags {
  readonly policy?: string;
  readonly budgetSolve?: string;
  readonly json?: boolean;
}

export function replayCommand(): Command {
  const command = new Command("replay")
    .description("run a recording again: bit for bit, or with another solver, budget or policy to compare")
    .argument("<file>", "MCAP file of parapilot run --record")
    .option("--policy <bundle>", "compare: solve with this policy instead of the recorded one")
    .option("--budget-solve <time>", 'compare: begin no further sweep after this, e.g. "40 ms"')
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nWithout options the recorded observations are solved with the recorded seeds, and every chunk, decision and action\n" +
        "must come out the same, bit for bit (exit code 1 otherwise). Any option that changes the solve compares instead:\n" +
        "  $ parapilot replay out/run.mcap --solver sequential\n",
    )
    .action(replay);
  for (const option of solverOptions) command.addOption(option);
  return command;
}

/** A recording in memory. */
interface Recorded {
  readonly file: string;
  readonly header: RecordingHeader;
  readonly truncated: boolean;
  readonly events: readonly RecordedEvent[];
  /** Events that were dropped. */
  readonly lost: number;
}

async function replay(file: string, { json, policy, budgetSolve, ...solver }: ReplayFlags): Promise<void> {
  const isChanged = policy !== undefined || budgetSolve !== undefined || isGiven(solver);
  // Options are checked before the long work of reading.
  const budgetMs = budgetSolve === undefined ? null : await parseDuration("--budget-solve", budgetSolve);
  const status = new StatusLine();
  const recorded = await read(file, status);
  if (recorded.truncated) status.note(`${file} was never finished; it is read up to its last whole piece`);
  await (isChanged
    ? replayChanged(recorded, { policy, budgetMs, solver }, status, json)
    : replayExactly(recorded, status, json));
}

async function read(file: string, status: StatusLine): Promise<Recorded> {
  const recording = await Recording.open(file);
  const events: RecordedEvent[] = [];
  status.show(`reading ${file}`);
  for await (const event of recording.events()) events.push(event);
  status.end();
  const lost = events.reduce((sum, event) => sum + (event.kind === "dropped" ? event.count : 0), 0);
  const { header, truncated } = recording;
  return { file, header, truncated, events, lost };
}

async function replayExactly(
  { file, header, truncated, events, lost }: Recorded,
  status: StatusLine,
  json = false,
): Promise<void> {
  if (lost > 0) {
    throw new ConfigurationError(
      `${lost} events were dropped while ${file} was recorded, so that it cannot be replayed exactly; ` +
        "record to a faster disk, or compare with --solver",
    );
  }
  const bundle = await loadBundle(header.bundle.directory);
  checkSame(header.bundle, bundleFingerprint(bundle, header.runtime.provider));
  const elsewhere = describeElsewhere(header.versions);
  if (elsewhere) status.note(`${elsewhere}: bits may differ for that alone`);
  const resolver = await LocalResolver.open(bundle, header.solver, header.runtime);
  const result = await rehearse(events, recordedSettings(header), resolver, (solves) =>
    status.show(`solve ${solves}`),
  );
  status.end();
  await resolver.close();
  if (json) printJson({ file, truncated, lost, exact: result.differences === 0, ...result });
  else process.stdout.write(rehearsalText(result));
  if (result.differences > 0) process.exitCode = 1;
}

interface Changes {
  readonly policy: string | undefined;
  readonly budgetMs: number | null;
  readonly solver: SolverFlags;
}

async function replayChanged(
  { file, header, truncated, events, lost }: Recorded,
  { policy, budgetMs, solver }: Changes,
  status: StatusLine,
  json = false,
): Promise<void> {
  const bundle = await loadBundle(policy ?? header.bundle.directory);
  checkFits(header.manifest, bundle.manifest, bundle.directory);
  const settings = isGiven(solver) ? changedSolver(header.solver, solver) : header.solver;
  const resolver = await LocalResolver.open(bundle, settings, header.runtime, budgetMs);
  const comparison = await compare(events, recordedSettings(header), resolver, (solves) =>
    status.show(`solve ${solves}`),
  );
  status.end();
  await resolver.close();
  const again = describeSolver(settings);
  if (json) printJson({ file, truncated, lost, solver: again, ...comparison });
  else process.stdout.write(comparisonText(comparison, describeSolver(header.solver), again));
}

/** The named solver with its own defaults; the rule and the seed stay as recorded unless told. */
function changedSolver(recorded: RecordingHeader["solver"], flags: SolverFlags): RecordingHeader["solver"] {
  const {
    solver = recorded.name,
    noiseSeed = recorded.seed,
    rule,
    steps,
    spacing,
    offset,
    eta,
    final,
    order,
  } = flags;
  if (solver === "auto") {
    throw new ConfigurationError("auto would choose anew on every machine: name the solver to compare with");
  }
  const settings = solverFrom({ ...flags, solver, noiseSeed });
  const isOtherRule = isGiven({ rule, steps, spacing, offset, eta, final, order });
  return isOtherRule ? settings : { ...settings, rule: recorded.rule };
}

function checkSame(recorded: RecordingHeader["bundle"], found: RecordingHeader["bundle"]): void {
  const was = partsOf(recorded);
  const is = partsOf(found);
  const changed = Object.entries(was)
    .filter(([part, then]) => is[part] !== then)
    .map(([part, then]) => `${part} ${then}, now ${is[part]}`.replace(/([0-9a-f]{12})[0-9a-f]{52}/g, "$1…"));
  if (changed.length === 0) return;
  throw new ConfigurationError(
    `${found.directory} is not as it was when this was recorded (${changed.join("; ")}); ` +
      "put the old bundle back, or compare with --policy",
  );
}

/** Everything of a bundle that a bit may depend on, in words. */
function partsOf(bundle: RecordingHeader["bundle"]): Record<string, string> {
  const { network, optimized, observation, calibration } = bundle;
  const graphs = optimized.map(({ sha256, from_rows }) => `${sha256} (from_rows ${from_rows})`);
  return {
    network,
    "optimised graphs": graphs.join(" and ") || "none",
    "observation graph": observation ?? "none",
    calibration: calibration ?? "none",
  };
}

/** Another policy has to take what was recorded, and give what it can be compared with. */
function checkFits(recorded: Manifest, found: Manifest, directory: string): void {
  const sizes = ({ observation, n_obs_steps, horizon, action }: Manifest) =>
    `${n_obs_steps} observations of ${observation.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ")}, ` +
    `chunks of ${horizon} steps of ${action.map(({ name }) => name).join(", ")}`;
  if (sizes(recorded) === sizes(found)) return;
  throw new ConfigurationError(
    `the policy in ${directory} has ${sizes(found)}; the recorded one ${sizes(recorded)}: give one for the same robot`,
  );
}

/** Where and with what it was recorded, if that is not here and this. */
function describeElsewhere(recorded: RecordingHeader["versions"]): string | undefined {
  const here = versions();
  const others = ["parapilot", "onnxruntime", "platform"].filter((name) => recorded[name] !== here[name]);
  if (others.length === 0) return undefined;
  return `recorded with ${others.map((name) => `${name} ${recorded[name] ?? "unknown"} (here ${here[name]})`).join(", ")}`;
}

/** Whether any option was given; commander says true for one that begins with "no" and was not. */
function isGiven({
  pipelined,
  ...flags
}: { readonly [K in keyof SolverFlags]: SolverFlags[K] | undefined }): boolean {
  return pipelined === false || Object.values(flags).some((value) => value !== undefined);
}
