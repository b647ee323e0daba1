import fc from "fast-check";
import { CALM, type Period, type Plot } from "./rehearsal.js";

const period: fc.Arbitrary<Period> = fc.record({
  fate: fc.oneof(
    { arbitrary: fc.constant("on time" as const), weight: 8 },
    {
      arbitrary: fc.constantFrom("late", "lost", "twice", "not finite", "misshapen", "old id", "frozen"),
      weight: 4,
    },
  ),
  delay: fc.integer({ min: 0, max: 700 }),
  solve: fc.oneof(
    { arbitrary: fc.constant("accepted" as const), weight: 6 },
    { arbitrary: fc.constantFrom("slow", "never", "not finite", "worker lost", "wild"), weight: 4 },
  ),
  solveMs: fc.integer({ min: 0, max: 150 }),
  residual: fc.constantFrom(0, 0.01, 0.03, 0.031, 0.5, Number.NaN, Number.POSITIVE_INFINITY),
  alarmLate: fc.constantFrom(0, 0, 0, 1, 30, 250),
  newEpisode: fc.nat(30).map((n) => n === 0),
  restart: fc.nat(60).map((n) => n === 0),
});

/** Nothing comes through for long, and then something old does. */
const outage: fc.Arbitrary<readonly Period[]> = fc
  .record({ periods: fc.integer({ min: 8, max: 26 }), delay: fc.integer({ min: 100, max: 700 }) })
  .map(({ periods, delay }) => {
    const lost = { ...CALM, fate: "lost" as const };
    return [
      ...Array<Period>(periods).fill(lost),
      { ...CALM, fate: "late" as const, delay },
      ...Array<Period>(1 + Math.ceil(delay / 100)).fill(lost),
    ];
  });

const stretch = fc.oneof(
  { arbitrary: period.map((one) => [one]), weight: 40 },
  { arbitrary: outage, weight: 1 },
);

const budget = fc.constantFrom(40, 90, 300);

export const plot: fc.Arbitrary<Plot> = fc.record({
  pace: fc.constantFrom("once" as const, "paced" as const),
  overlap: fc.constantFrom("none" as const, "freeze" as const, "predict" as const),
  solveBudget: budget,
  maxObservationAge: fc.constantFrom(500, 700, null),
  hold: fc.constantFrom(0, 200, 500, null),
  isPunctual: fc.boolean(),
  periods: fc.array(stretch, { minLength: 20, maxLength: 60 }).map((stretches) => stretches.flat()),
});
