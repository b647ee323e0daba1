import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { SolveCell } from "../../src/inference/solve-cell.js";
import { numbered, VALUES } from "./candidates.js";

/** Both sides of one cell. */
function pair(): readonly [SolveCell, SolveCell] {
  const main = new SolveCell(SolveCell.buffer(VALUES));
  return [main, new SolveCell(main.shared)];
}

describe("a solve's cell", () => {
  test("has no candidate before the first is published", () => {
    const [main] = pair();
    expect(main.candidate()).toBeUndefined();
    expect(main.published).toBe(0);
  });

  test("shows the newest candidate, whole", () => {
    const [main, worker] = pair();
    for (const k of [1, 2, 3]) {
      worker.publish(numbered(k));
      expect(main.candidate()).toEqual(numbered(k));
      expect(main.candidate()).toEqual(numbered(k));
      expect(main.published).toBe(k);
    }
  });

  test("gives copies", () => {
    const [main, worker] = pair();
    worker.publish(numbered(1));
    const kept = main.candidate();
    worker.publish(numbered(2));
    main.candidate();
    expect(kept).toEqual(numbered(1));
  });

  test("carries a residual that is infinite", () => {
    const [main, worker] = pair();
    worker.publish({ ...numbered(1), residual: Number.POSITIVE_INFINITY });
    expect(main.candidate()?.residual).toBe(Number.POSITIVE_INFINITY);
  });

  test("carries the wish to stop the other way", () => {
    const [main, worker] = pair();
    expect(worker.stopped).toBe(false);
    main.stop();
    expect(worker.stopped).toBe(true);
  });

  test("is never read torn while another thread writes as fast as it can", async () => {
    const [main] = pair();
    const writer = new Worker(new URL("./solve-cell-writer.js", import.meta.url), {
      workerData: main.shared,
    });
    const exited = once(writer, "exit");
    let last = 0;
    // Until the writer has certainly written during many reads; where both share a core, it mostly writes between them.
    for (let reads = 0, changes = 0; changes < 100 || (changes < 20_000 && reads < 1_000_000); reads++) {
      const candidate = main.candidate();
      if (candidate) {
        const { sweeps } = candidate;
        expect(sweeps).toBeGreaterThanOrEqual(last);
        if (sweeps > last) changes += 1;
        last = sweeps;
        const whole = numbered(sweeps);
        const isWhole =
          candidate.actions.every((value) => value === whole.actions[0]) &&
          candidate.clipped === whole.clipped &&
          candidate.evaluations === whole.evaluations &&
          candidate.start === whole.start &&
          candidate.residual === whole.residual;
        if (!isWhole) expect(candidate).toEqual(whole);
      }
      if (reads % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    main.stop();
    await exited;
  });
});
