import { type Manifest, width } from "../policy/manifest.js";

/** What the page has to know once, before any tick. */
export interface ViewDescription {
  readonly name: string;
  readonly task: string;
  readonly rateHz: number;
  readonly action: readonly {
    readonly name: string;
    readonly unit: string;
    readonly min: number;
    readonly max: number;
  }[];
  /** Null where the actions do not span a plane. */
  readonly scene: Scene | null;
  readonly budgets: { readonly tickMs: number; readonly solveMs: number | null };
  readonly settings: readonly (readonly [label: string, value: string])[];
}

/** The plane of the actions, and what of an observation lies in it. */
export interface Scene {
  readonly unit: string;
  readonly x: readonly [min: number, max: number];
  readonly y: readonly [min: number, max: number];
  /** Pictures have y down, the world has it up. */
  readonly yDown: boolean;
  /** Where in the observation's values the points of each key begin, and how many there are. */
  readonly points: readonly { readonly name: string; readonly offset: number; readonly count: number }[];
  readonly outlines: readonly (readonly number[])[];
}

/** What a person watching wants to know of how the policy is being run. */
export interface RunDescription {
  /** Already formatted, for example `["solver", "semilinear, tolerance 0.02"]`. */
  readonly settings?: readonly (readonly [label: string, value: string])[];
  /** The tick's budget is the policy's period unless told. */
  readonly budgets?: { readonly tickMs?: number; readonly solveMs?: number | null };
  /** Closed polygons `[x, y, x, y, …]` in the unit of the actions, drawn behind the scene: a goal, a table. */
  readonly outlines?: readonly (readonly number[])[];
}

export function describeView(manifest: Manifest, run: RunDescription = {}): ViewDescription {
  return {
    name: manifest.name,
    task: manifest.task,
    rateHz: manifest.rate_hz,
    action: manifest.action,
    scene: sceneOf(manifest, run.outlines ?? []),
    budgets: {
      tickMs: run.budgets?.tickMs ?? 1000 / manifest.rate_hz,
      solveMs: run.budgets?.solveMs ?? null,
    },
    settings: run.settings ?? [],
  };
}

/** Two actions of one unit span a plane; observations of shape [2] or [n, 2] in that unit are taken to lie in it. */
function sceneOf(manifest: Manifest, outlines: Scene["outlines"]): Scene | null {
  const [x, y] = manifest.action;
  if (manifest.action.length !== 2 || x.unit !== y.unit) return null;
  let offset = 0;
  const points = manifest.observation.flatMap(({ name, shape, unit }) => {
    const start = offset;
    offset += width(shape);
    const isPlanar = unit === x.unit && shape.length <= 2 && shape.at(-1) === 2;
    return isPlanar ? [{ name, offset: start, count: width(shape) / 2 }] : [];
  });
  return { unit: x.unit, x: [x.min, x.max], y: [y.min, y.max], yDown: x.unit === "px", points, outlines };
}
