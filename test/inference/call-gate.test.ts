import { beforeAll, describe, expect, test } from "vitest";
import { CallGate } from "../../src/inference/call-gate.js";
import { InferenceHost, type WorkerChange } from "../../src/inference/host.js";
import type { TickResult } from "../../src/inference/tick.js";
import { type Bundle, loadBundle } from "../../src/policy/bundle.js";
import { middleObservation } from "../../src/policy/manifest.js";
import { SHIPPED } from "../policy/bundles.js";

class Left extends Error {}

/** Both sides of a gate; leaving is thrown. */
function gates(): { owner: CallGate; thread: CallGate } {
  const owner = new CallGate();
  const thread = new CallGate(owner.shared, () => {
    throw new Left();
  });
  return { owner, thread };
}

describe("a gate", () => {
  test("that is open lets calls through, with what they give and throw", async () => {
    const { owner, thread } = gates();
    expect(await thread.within(async () => 7)).toBe(7);
    const broken = async () => {
      throw new RangeError("no such row");
    };
    await expect(thread.within(broken)).rejects.toThrow("no such row");
    expect(owner.shut()).toBe(true);
  });

  test("that is shut ends the thread before its next call", async () => {
    const { owner, thread } = gates();
    expect(owner.shut()).toBe(true);
    let isMade = false;
    const call = async () => {
      isMade = true;
    };
    await expect(thread.within(call)).rejects.toThrow(Left);
    expect(isMade).toBe(false);
  });

  test("that is shut during a call ends the thread after it, and after what it is a part of", async () => {
    const { owner, thread } = gates();
    let answer = () => {};
    let part = "not begun";
    const whole = thread.within(async () => {
      await thread.within(
        () =>
          new Promise<void>((resolve) => {
            answer = resolve;
          }),
      );
      part = "done";
    });
    expect(owner.shut()).toBe(false);
    const emptied = owner.emptied();
    answer();
    await expect(whole).rejects.toThrow(Left);
    expect(part).toBe("done");
    await emptied;
    expect(owner.isEmpty).toBe(true);
  });
});

describe("a worker that is found hung in the middle of a network call", () => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await loadBundle(SHIPPED);
  });

  // A thread that is terminated there takes the process with it.
  test.each([1, 2])("is replaced, and the process goes on (%i threads)", async (threads) => {
    const changes: WorkerChange[] = [];
    // Less than a call takes.
    const hangMs = 2;
    const host = await InferenceHost.start(bundle, {
      runtime: { threads, spin: false },
      hangMs,
      onWorker: (change) => changes.push(change),
    });
    const observation = middleObservation(bundle.manifest);
    let outcome: TickResult["outcome"] | undefined;
    for (let times = 1; times <= 3; times++) {
      // Again where main was kept from looking until the solve was done.
      for (let tick = 0; outcome !== "worker-failed"; tick++) {
        const request = { session: `${times}`, episode: 0, tick, executed: null, observation };
        ({ outcome } = await host.solve(request).done);
        expect(["accepted", "worker-failed"]).toContain(outcome);
      }
      outcome = undefined;
      await expect
        .poll(() => changes.filter(({ state }) => state === "ready").length, { timeout: 60_000 })
        .toBe(times);
    }
    await host.close();
  });
});
