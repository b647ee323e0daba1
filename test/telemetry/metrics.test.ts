import { describe, expect, it } from "vitest";
import type { LoopEvent } from "../../src/telemetry/loop-event.js";
import { Metrics } from "../../src/telemetry/metrics.js";
import { observationOf, refusalOf, solveOf, tickOf } from "../view/events.js";

/** The samples of Prometheus' text format by their name with labels; throws on a line that is none. */
async function samples(metrics: Metrics): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name, value] =
        /^([a-z0-9_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`not a sample: ${line}`);
      return [name, Number(value)];
    }),
  );
}

async function watched(...events: LoopEvent[]): Promise<Map<string, number>> {
  const metrics = new Metrics();
  for (const event of events) metrics.watch(event);
  return samples(metrics);
}

describe("Metrics", () => {
  it("counts ticks by rung, and those that were missed", async () => {
    const found = await watched(tickOf(0), tickOf(1), tickOf(2, { rung: "hold", missed: true }));
    expect(found.get('parapilot_ticks_total{robot="arm",rung="fresh"}')).toBe(2);
    expect(found.get('parapilot_ticks_total{robot="arm",rung="hold"}')).toBe(1);
    expect(found.get('parapilot_ticks_total{robot="arm",rung="stop"}')).toBe(0);
    expect(found.get('parapilot_missed_total{robot="arm"}')).toBe(1);
    expect(found.get('parapilot_rung{robot="arm"}')).toBe(3);
  });

  it("measures in seconds", async () => {
    const found = await watched(tickOf(0), solveOf("accepted"));
    expect(found.get('parapilot_end_to_end_seconds_sum{robot="arm"}')).toBeCloseTo(0.026, 9);
    expect(found.get('parapilot_overhead_seconds_bucket{le="0.0003",robot="arm"}')).toBe(1);
    expect(found.get('parapilot_overhead_seconds_bucket{le="0.0002",robot="arm"}')).toBe(0);
    expect(found.get('parapilot_solve_seconds_sum{robot="arm"}')).toBeCloseTo(0.025, 9);
    expect(found.get('parapilot_sweep_seconds_count{robot="arm"}')).toBe(3);
    expect(found.get('parapilot_residual{robot="arm"}')).toBe(0.01);
    expect(found.get('parapilot_observation_age_seconds{robot="arm"}')).toBe(0.03);
  });

  it("keeps its sums when a time is not a number", async () => {
    const found = await watched(tickOf(0), tickOf(1, { endToEndMs: Number.NaN }));
    expect(found.get('parapilot_end_to_end_seconds_count{robot="arm"}')).toBe(1);
  });

  it("counts a skipped step as silent while the node keeps the pace, but not across episodes", async () => {
    const paced = [observationOf(0), tickOf(0), tickOf(1), tickOf(4), tickOf(9, { episode: 1 })];
    expect((await watched(...paced)).get('parapilot_silent_total{robot="arm"}')).toBe(2);
  });

  it("counts a lock-step observation without an answer as silent, not the steps that none is asked for", async () => {
    const once = { reply: "once" } as const;
    const none = { reply: "none" } as const;
    const found = await watched(
      observationOf(0, once),
      tickOf(0),
      ...[1, 2, 3].map((step) => observationOf(step, none)),
      observationOf(4, once),
      observationOf(5, once),
      tickOf(5),
    );
    expect(found.get('parapilot_silent_total{robot="arm"}')).toBe(1);
  });

  it("counts refusals by reason, orders, losses of the worker and what queues dropped", async () => {
    const metrics = new Metrics();
    for (const reason of ["busy", "busy", "malformed"]) metrics.watch(refusalOf(reason));
    metrics.watch({ kind: "worker", at: 0, state: "lost", message: "it hung" });
    metrics.watch({ kind: "worker", at: 1, state: "ready", message: "" });
    const request = { session: "arm", episode: 0, tick: 0, executed: null, observation: new Float64Array(2) };
    metrics.watch({ kind: "order", at: 0, robot: "arm", order: 0, step: 0, isPredicted: true, request });
    metrics.watch(solveOf("stopped"));
    metrics.dropped("recorder", 5);
    metrics.dropped("recorder", 7);
    const found = await samples(metrics);
    expect(found.get('parapilot_refusals_total{reason="busy"}')).toBe(2);
    expect(found.get('parapilot_refusals_total{reason="malformed"}')).toBe(1);
    expect(found.get("parapilot_worker_losses_total")).toBe(1);
    expect(found.get('parapilot_orders_total{robot="arm",for="predicted"}')).toBe(1);
    expect(found.get('parapilot_solves_total{robot="arm",outcome="stopped"}')).toBe(1);
    expect(found.get('parapilot_dropped_total{by="recorder"}')).toBe(7);
  });

  it("removes a robot that left, and its series with it", async () => {
    const found = await watched(tickOf(0), { kind: "left", at: 0, robot: "arm" }, solveOf("stopped"));
    expect([...found.keys()].filter((name) => name.includes("robot="))).toEqual([]);
  });

  it("stays bounded, whatever names and reasons come", async () => {
    const events = Array.from({ length: 500 }, (_, k) => [
      tickOf(0, { robot: `"robot\n${k}` }),
      refusalOf(`reason ${k}`, `stranger ${k}`),
    ]);
    const found = await watched(...events.flat());
    const names = [...found.keys()];
    expect(names.filter((name) => name.startsWith("parapilot_missed_total")).length).toBe(17);
    expect(found.get('parapilot_missed_total{robot="other"}')).toBe(0);
    expect(found.get('parapilot_ticks_total{robot="other",rung="fresh"}')).toBe(484);
    expect(names.filter((name) => name.startsWith("parapilot_refusals_total")).length).toBe(33);
  });
});
