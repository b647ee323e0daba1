import { z } from "zod";
import { ConfigurationError } from "../policy/errors.js";

/** Catches a slip of the unit: "40 Ms" is forty megaseconds. */
const LONGEST_MS = 3_600_000;

const WANTED = 'a duration of at most an hour with its unit, for example "40 ms"; "0 ms" is off';

/**
 * A duration as a person writes it: `"40 ms"`, `"0.1 s"`. A bare number is refused, because it hides its unit.
 * Parses, asynchronously, to milliseconds; zero, which means "off", to null.
 */
export const durationSchema = z
  .string({ error: 'a duration with its unit, for example "40 ms"' })
  .transform(async (text, context) => {
    const milliseconds = await inMilliseconds(text);
    if (milliseconds >= 0 && milliseconds <= LONGEST_MS) return milliseconds === 0 ? null : milliseconds;
    context.addIssue({ code: "custom", message: `must be ${WANTED}` });
    return z.NEVER;
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

/** NaN when the text is no duration. */
async function inMilliseconds(text: string): Promise<number> {
  // Loaded only here: mathjs takes longer to load than everything else together.
  const { unit } = await import("mathjs");
  try {
    return unit(text).toNumber("ms");
  } catch {
    return Number.NaN;
  }
}
