import { describe, expect, it } from "vitest";
import type { ParameterValue } from "../../../src/ros/graph.js";
import { nodeBench, quickLaunch, until, valuesOf } from "./node-bench.js";

/** A node that acts on fresh chunks. */
async function acting(parameters: Record<string, ParameterValue> = {}) {
  const bench = await nodeBench({ parameters });
  const { node, board, ticks, graph, events } = bench;
  board.run();
  await node.configure();
  await node.activate();
  await until(() => ticks().at(-1)?.rung === "fresh");
  return {
    ...bench,
    set: (changes: Record<string, ParameterValue>) => graph.parameters.set(changes),
    /** Figures of the chunks that are solved from now on, once there are so many. */
    solved: async (count: number) => {
      const from = events.length;
      const results = () =>
        events
          .slice(from)
          .flatMap((event) =>
            event.kind === "solve" && event.result.outcome === "accepted" ? [event.result] : [],
          );
      // The first may have been under way already.
      await until(() => results().length > count);
      return results().slice(1);
    },
  };
}

describe("a parameter that is set while the node acts", () => {
  it("budgets.solve cuts what is solved from then on, and lets it be again", async () => {
    const { set, statuses, ticks, diagnostics } = await acting();
    // Less than any solve takes.
    expect(set({ "budgets.solve": "1 us" })).toBeUndefined();
    expect(valuesOf(statuses[statuses.length - 1])).toMatchObject({
      change: "settings",
      settings: expect.stringContaining("solve 0 ms"),
    });
    await until(() => ticks().some(({ reason }) => reason.startsWith("the solve budget of 0.001 ms was up")));
    await until(() => /cut short by budgets\.solve/.test(diagnostics.at(-1)?.status[1]?.message ?? ""));
    expect(set({ "budgets.solve": "200 ms" })).toBeUndefined();
    await until(() => ticks().at(-1)?.rung === "fresh");
  });

  it("solver.tolerance decides how far chunks are solved", async () => {
    const { set, solved } = await acting({ "solver.tolerance": 1 });
    const rough = await solved(2);
    expect(set({ "solver.tolerance": 1e-6 })).toBeUndefined();
    const fine = await solved(2);
    const residual = (of: typeof fine) => Math.max(...of.map((each) => each.residual));
    expect(residual(fine)).toBeLessThanOrEqual(1e-6);
    expect(residual(rough)).toBeGreaterThan(1e-6);
    expect(Math.min(...fine.map(({ sweeps }) => sweeps))).toBeGreaterThan(
      Math.min(...rough.map(({ sweeps }) => sweeps)),
    );
  });

  it("solver.name is the solver of the next chunk", async () => {
    const { set, solved, statuses } = await acting();
    expect(set({ "solver.name": "sequential", "solver.tolerance": -1 })).toBeUndefined();
    for (const { sweeps, residual } of await solved(2)) {
      expect(sweeps).toBe(4);
      expect(residual).toBe(0);
    }
    expect(valuesOf(statuses[statuses.length - 1]).settings).toMatch(/^sequential \(ddim/);
  });

  it("solver.coupling is that of the next chunk", async () => {
    const { set, events, ticks } = await acting();
    expect(set({ "solver.coupling": 0 })).toBeUndefined();
    const settings = events.findLast((event) => event.kind === "settings");
    expect(settings).toMatchObject({ solver: { coupling: 0 } });
    const { length } = ticks();
    await until(() => ticks().length > length + 10 && ticks().at(-1)?.rung === "fresh");
  });

  it("is refused with the reason where it cannot be, and nothing is changed", async () => {
    const { set, events, graph, policies, statuses } = await acting();
    const before = [graph.parameters.get("budgets.hold"), policies[0].describe(), statuses.length];
    const refusals: readonly [string, Record<string, ParameterValue>, RegExp][] = [
      ["a tolerance below 0", { "solver.tolerance": -0.5 }, /tolerance/],
      ["a duration without a unit", { "budgets.solve": "200" }, /budgets\.solve/],
      ["an age that the plan needs", { "budgets.max_observation_age": "300 ms" }, /allow at least/],
      ["another control period", { "budgets.tick": "50 ms" }, /trained for 10 Hz/],
      ["the policy", { policy: "/elsewhere" }, /read-only|fixed/],
      ["auto", { "solver.name": "auto" }, /auto measures/],
      ["use_sim_time", { use_sim_time: true }, /clean it up first|not declared/],
      ["one bad of two", { "budgets.hold": "1 s", "solver.coupling": 7 }, /coupling/],
    ];
    for (const [what, changes, reason] of refusals) {
      expect(set(changes), what).toMatch(reason);
      const after = [graph.parameters.get("budgets.hold"), policies[0].describe(), statuses.length];
      expect(after, what).toEqual(before);
      expect(
        events.some(({ kind }) => kind === "settings"),
        what,
      ).toBe(false);
    }
  });
});

describe("a parameter that is set before", () => {
  it("counts when the node is configured", async () => {
    const { node, graph, policies } = await nodeBench();
    expect(graph.parameters.set({ "budgets.hold": "700 ms", "solver.name": "picard" })).toBeUndefined();
    await node.configure();
    expect(policies[0].budgets.hold).toBe(700);
    expect(policies[0].describe().solver).toMatch(/^picard/);
  });

  it("is refused while it is being configured, so that it cannot be lost", async () => {
    const { node, graph, policies } = await nodeBench();
    const configured = node.configure();
    expect(graph.parameters.set({ "budgets.hold": "700 ms" })).toContain("is being configured; try again");
    await configured;
    expect(graph.parameters.set({ "budgets.hold": "700 ms" })).toBeUndefined();
    expect(policies[0].budgets.hold).toBe(700);
  });

  it("outlives a cleanup", async () => {
    const { node, graph, policies } = await nodeBench({ document: await quickLaunch() });
    await node.configure();
    expect(graph.parameters.set({ "solver.tolerance": 0.5 })).toBeUndefined();
    await node.cleanup();
    await node.configure();
    expect(policies[1].describe().solver).toContain("tolerance 0.5");
  });
});
