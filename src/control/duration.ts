import { z } from "zod";

/** Catches a slip of the unit: "40 Ms" is forty megaseconds. */
const LONGEST_MS = 3_600_000;

/**
 * A duration as a person writes it: `"40 ms"`, `"0.1 s"`. A bare number is refused, because it hides its unit.
 * Parses, asynchronously, to milliseconds.
 */
export const durationSchema = z
  .string({ error: 'a duration with its unit, for example "40 ms"' })
  .transform(async (text, context) => {
    const milliseconds = await inMilliseconds(text);
    if (milliseconds > 0 && milliseconds <= LONGEST_MS) return milliseconds;
    context.addIssue({
      code: "custom",
      message: 'must be a positive duration of at most an hour with its unit, for example "40 ms"',
    });
    return z.NEVER;
  });

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
