import { fileURLToPath } from "node:url";
import { InvalidArgumentError, Option } from "commander";
import {
  PROVIDERS,
  type Runtime,
  runtimeSchema,
  type WantedRuntime,
  wantedRuntimeSchema,
} from "../inference/runtime.js";
import {
  SLOPE_NAMES,
  SOLVER_NAMES,
  type SolverSettings,
  solverSettingsSchema,
} from "../inference/settings.js";
import { checked } from "../policy/errors.js";

/** Files that come with the package, wherever it is installed and whatever folder it is run from. */
export function shipped(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

export const DEFAULT_POLICY = shippedPolicy("pusht");

/** Where the policy for a world is that comes with the package. */
export function shippedPolicy(task: string): string {
  return shipped(`policies/${task}`);
}

/** Where the world of a policy is that does not ship. */
export function worldOption(): Option {
  return new Option(
    "--world <file>",
    "JavaScript file with the policy's world (default: the one that ships by the name of its task)",
  );
}

/** A whole number ≥ `least`, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`give a whole number of at least ${least}`);
    }
    return value;
  };
}

/** Gathers a repeated option's whole numbers, for commander. */
export function wholeNumbers(
  least: number,
): (text: string, earlier?: readonly number[]) => readonly number[] {
  const parse = wholeNumber(least);
  return (text, earlier = []) => [...earlier, parse(text)];
}

/** A number above 0 and up to `most`, for commander. */
export function positiveNumber(most: number): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (!(value > 0 && value <= most)) throw new InvalidArgumentError(`give a number above 0, up to ${most}`);
    return value;
  };
}

function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("give a number");
  return value;
}

export interface SolverFlags {
  readonly solver?: string;
  readonly slope?: string;
  readonly window?: number;
  readonly memory?: number;
  readonly pipelined?: boolean;
  readonly tolerance?: number;
  readonly coupling?: number;
  readonly cold?: boolean;
  readonly noiseSeed?: number;
  readonly rule?: string;
  readonly steps?: number;
  readonly spacing?: string;
  readonly offset?: number;
  readonly eta?: number;
  readonly final?: string;
  readonly order?: number;
}

export const solverOptions = [
  new Option("--solver <name>", "how a chunk is solved").choices(SOLVER_NAMES),
  new Option("--slope <slope>", "semilinear: what is assumed between sweeps").choices(SLOPE_NAMES),
  new Option("--window <steps>", "picard, anderson, speculative: steps solved together").argParser(
    wholeNumber(1),
  ),
  new Option("--memory <sweeps>", "anderson: sweeps combined, 1 to 5").argParser(wholeNumber(1)),
  new Option("--no-pipelined", "parareal: one iteration after the other"),
  new Option(
    "--tolerance <t>",
    "residual accepted, in normalised action units; picard: in noise deviations; auto: largest error_p99",
  ).argParser(decimal),
  new Option("--coupling <rho>", "share of the previous tick's noise that is kept, 0 to 1").argParser(
    decimal,
  ),
  new Option("--cold", "start every tick from nothing, with fresh noise unless --coupling says otherwise"),
  new Option("--noise-seed <n>", "seed of the sampler's noise").argParser(wholeNumber(0)),
  new Option("--rule <name>", "the recurrence that is solved").choices(["ddpm", "ddim", "dpm-solver"]),
  new Option("--steps <n>", "levels that the rule visits (default: all of the policy's)").argParser(
    wholeNumber(1),
  ),
  new Option("--spacing <name>", "which levels, when there are fewer steps than levels").choices([
    "leading",
    "trailing",
    "linspace",
  ]),
  new Option("--offset <levels>", "leading spacing: added to every level").argParser(wholeNumber(0)),
  new Option("--eta <share>", "ddim: share of DDPM's noise, 0 to 1").argParser(decimal),
  new Option("--final <signal>", "ddim: signal after the last step").choices(["one", "first"]),
  new Option("--order <n>", "dpm-solver: 1 or 2").argParser(wholeNumber(1)),
];

export function solverFrom(flags: SolverFlags): SolverSettings {
  const {
    solver: name,
    slope,
    window,
    memory,
    pipelined,
    tolerance,
    coupling,
    cold,
    noiseSeed: seed,
  } = flags;
  const { rule, steps, spacing, offset, eta, final, order } = flags;
  const settings = {
    name,
    rule: given({ name: rule, steps, spacing, offset, eta, final, order }),
    slope,
    window,
    memory,
    pipelined: pipelined === false ? false : undefined,
    tolerance,
    seed,
    ...(cold ? { warm: false, coupling: coupling ?? 0 } : { coupling }),
  };
  return checked(solverSettingsSchema, given(settings));
}

export interface RuntimeFlags {
  readonly provider?: string;
  readonly threads?: number;
  readonly spin?: boolean;
  readonly allowFallback?: boolean;
}

const computeOptions = [
  new Option("--allow-fallback", "let the cpu run those parts of the network that the provider cannot"),
  new Option("--threads <n>", "threads of one network call").argParser(wholeNumber(1)),
  new Option("--no-spin", "let network threads sleep between calls"),
];

export const runtimeOptions = [
  new Option("--provider <name>", "execution provider").choices(PROVIDERS),
  ...computeOptions,
];

/** For commands that run a policy on whatever is fastest, where that is wanted. */
export const wantedRuntimeOptions = [
  new Option(
    "--provider <name>",
    "execution provider; auto measures those that work and takes the fastest",
  ).choices([...PROVIDERS, "auto"]),
  ...computeOptions,
];

export function runtimeFrom(flags: RuntimeFlags): Runtime {
  return checked(runtimeSchema, runtimeDocument(flags));
}

export function wantedRuntimeFrom(flags: RuntimeFlags): WantedRuntime {
  return checked(wantedRuntimeSchema, runtimeDocument(flags));
}

function runtimeDocument({ provider, threads, spin, allowFallback }: RuntimeFlags): Record<string, unknown> {
  return given({
    provider,
    threads,
    spin: spin === false ? false : undefined,
    allow_fallback: allowFallback || undefined,
  });
}

/** Commander leaves out options by giving undefined; the schemas want them absent. */
function given(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
