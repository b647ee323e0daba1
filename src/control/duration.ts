import { createRequire } from "node:module";
import { z } from "zod";
import { ConfigurationError } from "../policy/errors.js";

/** Catches a slip of the unit: "40 Ms" is forty megaseconds. */
const LONGEST_MS = 3_600_000;

type Unit = typeof import("mathjs").unit;

let unit: Unit | undefined;

const WANTED = 'a duration of at most an hour with its unit, for example "40 ms"; "0 ms" is off';

/**
 * A duration as a person writes it: `"40 ms"`, `"0.1 s"`. A bare number is refused, because it hides its unit.
 * Parses to milliseconds; zero, which means "off", to null. Asynchronously, until {@link loadUnits} is done.
 */
export const durationSchema = z
  .string({ error: 'a duration with its unit, for example "40 ms"' })
  .transform((text, context): number | null | Promise<number | null> => {
    const accept = (milliseconds: number) => {
      if (milliseconds >= 0 && milliseconds <= LONGEST_MS) return milliseconds === 0 ? null : milliseconds;
      context.addIssue({ code: "custom", message: `must be ${WANTED}` });
      return z.NEVER;
    };
    return unit
      ? accept(inMilliseconds(unit, text))
      : loadUnits().then((loaded) => accept(inMilliseconds(loaded, text)));
  });

/**
 * {@link durationSchema} for one option of the command line.
 *
 * @throws ConfigurationError naming the option and what was given.
 */
export async function parseDuration(option: string, text: string): Promise<number | null> {
  const result = await durationSchema.safeParseAsync(text);
  if (result.success) return result.data;
  throw new ConfigurationError(`${option} is "${text}": it must be ${WANTED}`);
}

/** Loads what it takes to read units; from then on {@link durationSchema} parses synchronously too. */
export async function loadUnits(): Promise<Unit> {
  // Loaded only here, and as one file: its thousand modules take longer to load than everything else together.
  unit ??= (createRequire(import.meta.url)("mathjs/lib/browser/math.js") as typeof import("mathjs")).unit;
  return unit;
}

/** NaN when the text is no duration. */
function inMilliseconds(read: Unit, text: string): number {
  try {
    return read(text).toNumber("ms");
  } catch {
    return Number.NaN;
  }
}
