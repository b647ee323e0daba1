import { fileURLToPath } from "node:url";
import { InvalidArgumentError, Option } from "commander";
import { type Runtime, runtimeSchema } from "../inference/runtime.js";
import { type SolverSettings, solverSettingsSchema } from "../inference/settings.js";
import { checked } from "../policy/errors.js";

/** Files that come with the package, wherever it is installed and whatever folder it is run from. */
export function shipped(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

export const DEFAULT_POLICY = shipped("policies/pusht");

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
  new Option("--solver <name>", "how a chunk is solved").choices([
    "semilinear",
    "picard",
    "sequential",
    "auto",
  ]),
  new Option("--slope <slope>", "semilinear: what is assumed between sweeps").choices([
    "secant",
    "gaussian",
    "x0",
  ]),
  new Option(
    "--tolerance <t>",
    "semilinear: accepted residual in normalised action units; picard: in noise deviations; auto: wanted error",
  ).argParser(decimal),
  new Option("--window <steps>", "picard: steps solved together").argParser(wholeNumber(1)),
  new Option("--coupling <rho>", "share of the previous tick's noise that is kept, 0 to 1").argParser(
    decimal,
  ),
  new Option("--cold", "start every tick from nothing, with fresh noise unless --coupling says otherwise"),
  new Option("--noise-seed <n>", "seed of the sampler's noise").argParser(wholeNumber(0)),
];

export function solverFrom(flags: SolverFlags): SolverSettings {
  const { solver: name, slope, tolerance, window, coupling, cold, noiseSeed: seed } = flags;
  const settings = {
    name,
    slope,
    tolerance,
    window,
    seed,
    ...(cold ? { warm: false, coupling: coupling ?? 0 } : { coupling }),
  };
  return checked(solverSettingsSchema, given(settings));
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
  return checked(runtimeSchema, given({ provider, threads, spin: spin === false ? false : undefined }));
}

/** Commander leaves out options by giving undefined; the schemas want them absent. */
function given(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
