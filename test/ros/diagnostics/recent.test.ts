import fc from "fast-check";
import { expect, it } from "vitest";
import { Recent } from "../../../src/ros/diagnostics/recent.js";

it("has what was added within the window, in order, however much was added before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30 })),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 20 }),
      (pauses, later, within) => {
        const recent = new Recent<number>(20);
        const all: { at: number; k: number }[] = [];
        let now = 0;
        for (const [k, pause] of pauses.entries()) {
          now += pause;
          recent.add(now, k);
          all.push({ at: now, k });
        }
        now += later;
        const since = (ms: number) => all.filter(({ at }) => at > now - ms).map(({ k }) => k);
        expect(recent.values(now)).toEqual(since(20));
        expect(recent.values(now, within)).toEqual(since(within));
      },
    ),
  );
});
