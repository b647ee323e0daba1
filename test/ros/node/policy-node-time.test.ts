import { describe, expect, it } from "vitest";
import { stampToMs } from "../../../src/ros/stamp.js";
import { simulatedBench, until } from "./node-bench.js";

/** An active node under use_sim_time. */
async function simulated() {
  const bench = await simulatedBench();
  await bench.node.configure();
  await bench.node.activate();
  return bench;
}

describe("the policy's node under use_sim_time", () => {
  it("acts as time passes, waits while it stands still, and goes on with the next step", async () => {
    const { pass, ticks, diagnostics, board } = await simulated();
    await pass(10_000, 11_500);
    expect(ticks().at(-1)?.rung).toBe("fresh");
    const acted = ticks().length;
    // By the wall clock this is longer than any budget.
    await until(() => /stands still at 11\.490 s/.test(diagnostics.at(-1)?.status[3]?.message ?? ""));
    expect(ticks()).toHaveLength(acted);
    await pass(11_500, 12_500);
    expect(ticks()[acted]?.step).toBe(ticks()[acted - 1].step + 1);
    expect(
      ticks()
        .slice(acted)
        .every(({ rung }) => rung === "fresh"),
    ).toBe(true);
    const stamp = stampToMs(board.targets[board.targets.length - 1].header.stamp);
    expect(stamp).toBeGreaterThanOrEqual(11_500);
    expect(stamp).toBeLessThan(12_500);
  });

  it("begins a new episode when time jumps back by 5 s, and acts in the new time", async () => {
    const { pass, ticks, chunks, board, diagnostics } = await simulated();
    await pass(10_000, 11_500);
    const { episode } = ticks()[ticks().length - 1];
    const before = board.targets.length;
    await pass(6_500, 8_000);
    const anew = ticks().filter((tick) => tick.episode > episode);
    expect(anew.map(({ step }) => step)).toEqual(anew.map((_, k) => k));
    expect(anew.at(-1)?.rung).toBe("fresh");
    for (const { header } of board.targets.slice(before + 1)) {
      expect(stampToMs(header.stamp)).toBeGreaterThanOrEqual(6_500);
      expect(stampToMs(header.stamp)).toBeLessThan(8_000);
    }
    expect(stampToMs(chunks[chunks.length - 1].header.stamp)).toBeLessThan(8_000);
    await until(() =>
      (diagnostics.at(-1)?.status[3]?.values ?? []).some(
        ({ key, value }) => key === "times set back" && value === "1",
      ),
    );
  });

  it("can be deactivated while time stands still", async () => {
    const { pass, node, ticks, board } = await simulated();
    await pass(10_000, 11_000);
    await node.deactivate();
    expect(ticks().at(-1)).toMatchObject({ rung: "stop", reason: "the node was deactivated" });
    const acted = board.targets.length;
    await pass(11_000, 12_000);
    expect(board.targets).toHaveLength(acted);
    await node.activate();
    await pass(12_000, 13_000);
    expect(ticks().at(-1)?.rung).toBe("fresh");
  });

  it("says that there is no time yet", async () => {
    const { board, ticks, diagnostics } = await simulated();
    board.show({ stampMs: 12_000 });
    await until(() => /nothing has come on \/clock/.test(diagnostics.at(-1)?.status[3]?.message ?? ""));
    expect(diagnostics.at(-1)?.status[2]?.message).toContain("ROS time is 0 until something comes on /clock");
    expect(ticks()).toEqual([]);
  });
});
