import { resolveSolver, type SolverOptions, type SolverSettings } from "../inference/settings.js";
import { ConfigurationError } from "../policy/errors.js";

export type Start = "cold" | "warm";

/** One sampler that takes part: a rule, a solver, and what is known of it. */
export interface Contender {
  /** As people know it. */
  readonly name: string;
  /** What a launch file or `parapilot eval` takes, without the start. */
  readonly options: SolverOptions;
  readonly settings: SolverSettings;
  readonly starts: readonly Start[];
  /** Starts in which it plays the world for a score: published methods as they are published, cold. */
  readonly scored: readonly Start[];
  /** Exact in law only: it has no distance from a sequential sample. */
  readonly lawOnly: boolean;
}

export interface Selection {
  /** Names, in any case, with hyphens for spaces; empty means the table of the README. */
  readonly only?: readonly string[];
  readonly all?: boolean;
}

interface Entry {
  readonly name: string;
  readonly options: SolverOptions;
  readonly scored?: readonly Start[];
  /** Stands in the README's table. */
  readonly usual?: boolean;
}

const RULES = [
  { name: "ddpm", label: "DDPM" },
  { name: "ddim", label: "DDIM" },
  { name: "dpm-solver", label: "DPM-Solver" },
] as const;
const SHORT_CHAINS = [4, 10, 15, 25, 50];
const USUAL_CHAINS = ["DDIM-10", "DDIM-4"];
/** Levels of the published DDIM and DPM-Solver rows. */
const PUBLISHED_LEVELS = 15;
/** In units of DDPM's noise. Rules that add none decide their mode by what is left of it, for which 0.1 is too loose. */
const ODE_TOLERANCE = 0.01;

/** Parallel solvers as published where they are; tolerances are spelt out, because figures hold for no others. */
const PARALLEL: readonly Entry[] = [
  { name: "SRDS", options: { name: "parareal", pipelined: false, tolerance: 0.05 }, usual: true },
  { name: "SRDS pipelined", options: { name: "parareal", tolerance: 0.05 }, usual: true },
  { name: "ParaTAA", options: { name: "anderson", memory: 3, tolerance: 0.002 }, usual: true },
  { name: "speculative", options: { name: "speculative", window: 20 }, usual: true },
  { name: "semilinear calibrated", options: { slope: "calibrated" }, scored: ["cold", "warm"] },
  { name: "semilinear secant", options: { slope: "secant" }, scored: ["cold", "warm"] },
  { name: "semilinear gaussian", options: { slope: "gaussian" }, scored: ["warm"] },
  { name: "semilinear x0", options: { slope: "x0" }, scored: ["warm"] },
];

/** Every rule with every solver, over all levels and, where it is usual, fewer. */
function entries(levels: number): Entry[] {
  const short = SHORT_CHAINS.filter((steps) => steps < levels);
  return RULES.flatMap(({ name: rule, label }): Entry[] => {
    const isOde = rule !== "ddpm";
    const tolerance = isOde ? ODE_TOLERANCE : 0.1;
    const picard = { name: "picard", window: 20, tolerance } as const;
    const published = `Para${label.replace("-", "")}`;
    return [
      { name: `${label}-${levels}`, options: sequential({ name: rule }), usual: !isOde },
      ...short.map((steps) => ({
        name: `${label}-${steps}`,
        options: sequential({ name: rule, steps }),
        usual: USUAL_CHAINS.includes(`${label}-${steps}`),
      })),
      ...(isOde
        ? [
            {
              name: published,
              options: { ...picard, rule: { name: rule, steps: Math.min(PUBLISHED_LEVELS, levels) } },
              usual: true,
            },
          ]
        : []),
      {
        name: isOde ? `${published}-${levels}` : published,
        options: { ...picard, rule: { name: rule } },
        usual: !isOde,
      },
      ...PARALLEL.map((entry) => ({
        ...entry,
        name: isOde ? `${entry.name} ${label}-${levels}` : entry.name,
        options: { ...entry.options, rule: { name: rule } },
        usual: !isOde && (entry.usual ?? false),
      })),
    ];
  });
}

/** The policy as it is: fresh noise at every tick. */
function sequential(rule: SolverOptions["rule"]): SolverOptions {
  return { name: "sequential", coupling: 0, rule };
}

/**
 * The contenders of a run, in the order of the tables.
 *
 * @throws ConfigurationError naming the contenders there are, on a name that is none.
 * @example
 * contendersFor(100, true, { only: ["ParaDDPM", "semilinear"] });
 */
export function contendersFor(levels: number, isCalibrated: boolean, selection: Selection = {}): Contender[] {
  const { only = [], all = false } = selection;
  const slope = isCalibrated ? "calibrated" : "secant";
  const possible = entries(levels)
    .filter(({ options }) => isCalibrated || options.slope !== "calibrated")
    .map((entry) => ({ ...entry, usual: entry.usual || entry.name === `semilinear ${slope}` }));
  const wanted = only.map((name) => (keyOf(name) === "semilinear" ? `semilinear ${slope}` : name));
  for (const name of wanted) {
    if (possible.some((entry) => keyOf(entry.name) === keyOf(name))) continue;
    throw new ConfigurationError(
      `there is no contender "${name}"${isCalibrated ? "" : " for a policy without a calibration"}; ` +
        `there is ${possible.map((entry) => keyOf(entry.name)).join(", ")}`,
    );
  }
  const keys = new Set(wanted.map(keyOf));
  return possible
    .filter(({ name, usual }) => all || (keys.size > 0 ? keys.has(keyOf(name)) : usual))
    .map(({ name, options, scored }) => contender(name, options, isCalibrated, scored));
}

/** A sampler by its settings. */
export function contender(
  name: string,
  options: SolverOptions,
  isCalibrated: boolean,
  scored: readonly Start[] = ["cold"],
): Contender {
  const settings = resolveSolver(options, isCalibrated);
  const starts: readonly Start[] = settings.name === "sequential" ? ["cold"] : ["cold", "warm"];
  return { name, options, settings, starts, scored, lawOnly: settings.name === "speculative" };
}

function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(" ", "-");
}

/** A solver's short name, unique for every rule: what is the default goes without saying. */
export function solverId({ name, slope, pipelined }: SolverSettings, isCalibrated: boolean): string {
  if (name === "semilinear" && slope !== (isCalibrated ? "calibrated" : "secant")) return `${name}:${slope}`;
  return name === "parareal" && pipelined === false ? `${name}:plain` : name;
}

/** The options of the command line that run this contender. */
export function flagsOf({ options }: Contender, start: Start): string {
  const { name = "semilinear", slope, window, memory, pipelined, tolerance, coupling, rule = {} } = options;
  const values = { slope, window, memory, tolerance, coupling };
  const ruleValues = { rule: rule.name === "ddpm" ? undefined : rule.name, steps: rule.steps };
  const given = Object.entries({ solver: name, ...values, ...ruleValues })
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => `--${option} ${value}`);
  if (pipelined === false) given.push("--no-pipelined");
  if (start === "cold" && name !== "sequential") given.push("--cold");
  return given.join(" ");
}

/** Settings of the command line for one start. */
export function optionsFor({ options, settings }: Contender, start: Start): SolverOptions {
  return start === "cold" && settings.name !== "sequential"
    ? { ...options, warm: false, coupling: 0 }
    : options;
}
