import { type Unit, unit } from "mathjs";
import { z } from "zod";

/**
 * A duration as a person writes it: `"40 ms"`, `"0.1 s"`. A bare number is refused, because it hides its unit.
 * Parses to milliseconds.
 */
export const durationSchema = z
  .string({ error: 'a duration with its unit, for example "40 ms"' })
  .transform((text, context) => {
    let parsed: Unit;
    try {
      parsed = unit(text);
    } catch {
      parsed = unit("1 m");
    }
    const milliseconds = parsed.equalBase(unit("1 ms")) ? parsed.toNumber("ms") : Number.NaN;
    if (milliseconds > 0 && Number.isFinite(milliseconds)) return milliseconds;
    context.addIssue({
      code: "custom",
      message: 'must be a positive duration with its unit, for example "40 ms"',
    });
    return z.NEVER;
  });
