import { InvalidArgumentError, Option } from "commander";
import { type Runtime, runtimeSchema } from "../inference/runtime.js";
import { type SolverSettings, solverSettingsSchema } from "../inference/settings.js";
import { ConfigurationError, describeIssues } from "../policy/errors.js";

export const DEFAULT_POLICY = "policies/pusht";

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

function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("give a number");
  return value;
}

export interface SolverFlags {
  readonly solver?: string;
  readonly slope?: string;
  readonly tolerance?: number;
  readonly window?: number;
  readonly coupling?: number;
  readonly cold?: boolean;
  readonly noiseSeed?: number;
}

export const solverOptions = [
  new Option("--solver <name>", "how a chunk is solved").choices(["semilinear", "picard", "sequential"]),
  new Option("--slope <slope>", "semilinear: what is assumed between sweeps").choices([
    "secant",
    "gaussian",
    "x0",
  ]),
  new Option(
    "--tolerance <t>",
    "semilinear: accepted residual in action units; picard: in noise deviations",
  ).argParser(decimal),
  new Option("--window <steps>", "picard: steps solved together").argParser(wholeNumber(1)),
  new Option("--coupling <rho>", "share of the previous tick's noise that is kept, 0 to 1").argParser(
    decimal,
  ),
  new Option("--cold", "start every tick from nothing"),
  new Option("--noise-seed <n>", "seed of the sampler's noise").argParser(wholeNumber(0)),
];

export function solverFrom(flags: SolverFlags): SolverSettings {
  const { solver: name, slope, tolerance, window, coupling, cold, noiseSeed: seed } = flags;
  return checked(solverSettingsSchema, {
    name,
    slope,
    tolerance,
    window,
    coupling,
    warm: cold ? false : undefined,
    seed,
  });
}

export interface RuntimeFlags {
  readonly provider?: string;
  readonly threads?: number;
  readonly spin?: boolean;
}

export const runtimeOptions = [
  new Option("--provider <name>", "execution provider").choices(["cpu", "webgpu", "cuda"]),
  new Option("--threads <n>", "threads of one network call").argParser(wholeNumber(1)),
  new Option("--no-spin", "let network threads sleep between calls"),
];

export function runtimeFrom({ provider, threads, spin }: RuntimeFlags): Runtime {
  return checked(runtimeSchema, { provider, threads, spin: spin === false ? false : undefined });
}

interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: Parameters<typeof describeIssues>[0] };
}

function checked<T>(schema: Schema<T>, value: Record<string, unknown>): T {
  const given = Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));
  const result = schema.safeParse(given);
  if (!result.success) throw new ConfigurationError(describeIssues(result.error, given));
  return result.data;
}
