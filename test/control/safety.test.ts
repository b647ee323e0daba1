import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Mistake, withMistake } from "./mutants.js";
import { plot } from "./plots.js";
import { type LoopClass, Rehearsal, type Violation } from "./rehearsal.js";

/** What a run of random plots came to. */
interface Season {
  readonly ticks: number;
  readonly rungs: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

/** Rehearses random plots until so many actions have gone out, or until there is a violation of this rule. */
function season(ticks: number, seed: number, Loop?: LoopClass, rule?: number): Season {
  let done = 0;
  const rungs: Record<string, number> = {};
  const violations: Violation[] = [];
  for (let round = 0; done < ticks; round++) {
    for (const one of fc.sample(plot, { numRuns: 100, seed: seed + round })) {
      const rehearsed = new Rehearsal(one, Loop).run();
      done += rehearsed.ticks;
      for (const [rung, count] of Object.entries(rehearsed.rungs)) rungs[rung] = (rungs[rung] ?? 0) + count;
      violations.push(...rehearsed.violations);
      if (violations.some((violation) => violation.rule === rule)) return { ticks: done, rungs, violations };
    }
  }
  return { ticks: done, rungs, violations };
}

describe("under random schedules of faults in simulated time", () => {
  test("the safety rules hold for 120,000 actions, on every rung", () => {
    const { ticks, rungs, violations } = season(120_000, 1);
    expect(violations).toEqual([]);
    expect(ticks).toBeGreaterThanOrEqual(120_000);
    for (const rung of ["fresh", "iterate", "rest", "hold", "stop"])
      expect(rungs[rung]).toBeGreaterThan(1000);
  });

  test("a failing plot is reduced to its essence by fast-check", () => {
    fc.assert(
      fc.property(plot, (one) => {
        expect(new Rehearsal(one).run().violations).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

const MISTAKES: readonly Mistake[] = [
  {
    rule: 1,
    what: "the age of observations is not looked at",
    file: "ladder.js",
    find: "!(offer.ageMs <= oldest)",
    replace: "false",
  },
  {
    rule: 1,
    what: "chunks are not checked against the limits",
    file: "plan-in-hand.js",
    find: "value >= min && value <= max",
    replace: "true",
  },
  {
    rule: 1,
    what: "a message's time under way is not counted",
    file: "loop.js",
    find: "seenAt: receivedAt - ageMs",
    replace: "seenAt: receivedAt",
  },
  {
    rule: 2,
    what: "any iterate is executed when time is up",
    file: "loop.js",
    find: "!(candidate.residual <= safeResidual)",
    replace: "false",
  },
  {
    rule: 2,
    what: "a residual that is not a number passes",
    file: "loop.js",
    find: "!(candidate.residual <= safeResidual)",
    replace: "candidate.residual > safeResidual",
  },
  {
    rule: 2,
    what: "holding never ends",
    file: "ladder.js",
    find: "heldMs <= hold",
    replace: "true",
  },
  {
    rule: 2,
    what: "the rest of a chunk passes for fresh",
    file: "ladder.js",
    find: "if (!offer.isExecuted)",
    replace: "if (false)",
  },
  {
    rule: 3,
    what: "a solve that was cut short counts as under way for ever",
    file: "orders.js",
    find: "this.#abandon();\n        return solving.isPredicted",
    replace: "return solving.isPredicted",
  },
  {
    rule: 3,
    what: "after a stop the robot is left alone for good",
    file: "ladder.js",
    find: "this.#heldSteps = 0;\n            if (!offer",
    replace:
      "if (this.#heldSteps > 9) return { rung: 'stop', reason: trouble };\n            this.#heldSteps = 0;\n            if (!offer",
  },
  {
    rule: 4,
    what: "a late reply is taken for the order under way",
    file: "orders.js",
    find: "solving?.order !== order",
    replace: "!solving",
  },
  {
    rule: 5,
    what: "a late chunk is replayed from its start",
    file: "plan-in-hand.js",
    find: "this.#plan.adopt({ order, step, actions, executed }, from)",
    replace: "this.#plan.adopt({ order, step: from, actions, executed }, from)",
  },
  {
    rule: 5,
    what: "steps of holding count as steps of the plan",
    file: "requests.js",
    find: "if (isPlanned)",
    replace: "if (true)",
  },
  {
    rule: 5,
    what: "one step counts as executed, however many were",
    file: "requests.js",
    find: "count += 1",
    replace: "count = 1",
  },
  {
    rule: 3,
    what: "the clock's count of steps overrules the robot's",
    file: "loop.js",
    find: "lateMs >= tick / 2",
    replace: "true",
  },
  {
    rule: 6,
    what: "a paced robot waits for its chunk, however long that takes",
    file: "pace.js",
    find: "receivedAt + (this.#quickSolve ?? 0)",
    replace: "Infinity",
  },
  {
    rule: 6,
    what: "an observation that the clock was quicker than gets no answer",
    file: "loop.js",
    find: `refuse("superseded", \`observation \${id} came after the clock`,
    replace: `String("superseded", \`observation \${id} came after the clock`,
  },
  {
    rule: 6,
    what: "no clock acts for an observation that does not come",
    file: "pace.js",
    find: "this.begins(step) + this.#grace",
    replace: "Infinity",
  },
];

describe("the tests of the rules fail when a rule is broken:", () => {
  test.each(MISTAKES.map((mistake, number) => [mistake.rule, mistake.what, mistake, number] as const))(
    "rule %i: %s",
    async (rule, _what, mistake, number) => {
      const { violations } = season(50_000, 1, await withMistake(mistake, number), rule);
      expect(violations.map((violation) => violation.rule)).toContain(rule);
    },
  );
});
