import { ConfigurationError } from "../../policy/errors.js";
import type { ActionEntry } from "../../policy/manifest.js";
import { resolveScaling, type Scaling, type ScalingSettings } from "../scaling.js";

/** Which action a number of a message is, and how values of the message become values of the policy. */
export interface Channel {
  /** Index into an action. */
  readonly index: number;
  readonly scaling: Scaling;
}

/**
 * The channel of an action, by its name.
 *
 * @throws ConfigurationError for an action that the policy does not have, or a unit that does not convert into its own.
 */
export async function channelOf(
  name: string,
  actions: readonly ActionEntry[],
  settings: ScalingSettings,
): Promise<Channel> {
  const index = actions.findIndex((action) => action.name === name);
  if (index < 0) {
    const names = actions.map((action) => action.name).join(", ");
    throw new ConfigurationError(`"${name}" is no action of this policy; it has ${names}`);
  }
  return { index, scaling: await resolveScaling(settings, actions[index].unit) };
}

export function channelsOf(
  names: readonly string[],
  actions: readonly ActionEntry[],
  settings: ScalingSettings,
): Promise<Channel[]> {
  return Promise.all(names.map((name) => channelOf(name, actions, settings)));
}

/** What a message says of an action in the row that begins at `row`: the inverse of what an observation goes through. */
export function messageValue(
  rows: ArrayLike<number>,
  row: number,
  { index, scaling: { scale, offset } }: Channel,
): number {
  return (rows[row + index] - offset) / scale;
}

/** A `geometry_msgs` vector or point. */
export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Its channels; what has none is 0. */
export type VectorChannels = Readonly<Partial<Record<keyof Vector, Channel>>>;

export function vectorOf(rows: ArrayLike<number>, { x, y, z }: VectorChannels): Vector {
  return {
    x: x ? messageValue(rows, 0, x) : 0,
    y: y ? messageValue(rows, 0, y) : 0,
    z: z ? messageValue(rows, 0, z) : 0,
  };
}

/**
 * The channels of vectors of a message, by their paths, from `fields` (path of a number: name of an action).
 *
 * @throws ConfigurationError for a path that is none of those vectors' numbers, and as of `channelOf`.
 */
export async function vectorChannels(
  vectors: readonly string[],
  fields: Readonly<Record<string, string>>,
  actions: readonly ActionEntry[],
  settings: ScalingSettings,
): Promise<VectorChannels[]> {
  const channels = vectors.map((): Partial<Record<keyof Vector, Channel>> => ({}));
  for (const [path, name] of Object.entries(fields)) {
    const dot = path.lastIndexOf(".");
    const vector = channels[vectors.indexOf(path.slice(0, dot))];
    const axis = path.slice(dot + 1);
    if (!vector || !(axis === "x" || axis === "y" || axis === "z")) {
      throw new ConfigurationError(
        `fields: "${path}" is no number that can be set; it takes x, y, z of ${vectors.join(" and ")}`,
      );
    }
    try {
      vector[axis] = await channelOf(name, actions, settings);
    } catch (error) {
      throw new ConfigurationError(`fields.${path}: ${(error as Error).message}`);
    }
  }
  return channels;
}
