import { describe, expect, test } from "vitest";
import { Ladder, type Offer } from "../../src/control/ladder.js";

const fresh: Offer = { isExecuted: true, outcome: "accepted", ageMs: 50 };
const ladder = (changes: Partial<ConstructorParameters<typeof Ladder>[0]> = {}) =>
  new Ladder({ tick: 100, maxObservationAge: 1000, hold: 300, ...changes });

describe("the rung", () => {
  test.each([
    [fresh, "fresh"],
    [{ ...fresh, outcome: "budget" }, "iterate"],
    [{ ...fresh, isExecuted: false }, "rest"],
    [{ ...fresh, isExecuted: false, outcome: "budget" }, "rest"],
    [{ ...fresh, ageMs: 1000 }, "fresh"],
    [{ ...fresh, ageMs: 1001 }, "hold"],
    [{ ...fresh, ageMs: Number.NaN }, "hold"],
    [undefined, "hold"],
  ] as const)("of %j is %s", (offer, rung) => {
    expect(ladder().choose(offer, "trouble").rung).toBe(rung);
  });

  test("says why it is not fresh, and nothing when it is", () => {
    expect(ladder().choose(fresh, "trouble").reason).toBe("");
    expect(ladder().choose({ ...fresh, outcome: "budget" }, "trouble").reason).toBe("trouble");
    expect(ladder().choose({ ...fresh, ageMs: 1200 }, "no observation came").reason).toBe(
      "its observation is 1200 ms old, 1000 ms are allowed; no observation came",
    );
  });

  test("stops after holding for as long as the budget says, and comes back at once", () => {
    const one = ladder();
    const rungs = [undefined, undefined, undefined, undefined, fresh, undefined].map(
      (offer) => one.choose(offer, "trouble").rung,
    );
    expect(rungs).toEqual(["hold", "hold", "hold", "stop", "fresh", "hold"]);
  });

  test("says for how long there was nothing sound when it stops", () => {
    const one = ladder({ hold: 100 });
    one.choose(undefined, "the worker died");
    expect(one.choose(undefined, "the worker died").reason).toBe("nothing sound for 200 ms: the worker died");
  });

  test("a budget that is off never ends", () => {
    const one = ladder({ hold: null, maxObservationAge: null });
    for (let k = 0; k < 1000; k++) expect(one.choose(undefined, "trouble").rung).toBe("hold");
    expect(one.choose({ ...fresh, ageMs: 1e9 }, "trouble").rung).toBe("fresh");
  });

  test("counts holding anew after a reset", () => {
    const one = ladder({ hold: 100 });
    one.choose(undefined, "trouble");
    one.reset();
    expect(one.choose(undefined, "trouble").rung).toBe("hold");
  });
});
