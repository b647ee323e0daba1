import { describe, expect, it } from "vitest";
import { planSettingsSchema, resolvePlanSettings } from "../../../src/control/plan-settings.js";
import { Robot } from "../../../src/control/robot.js";
import type { DiagnosticStatus } from "../../../src/ros/diagnostics/diagnostic-status.js";
import { Status } from "../../../src/ros/node/status.js";
import { LATCHED_QOS } from "../../../src/ros/qos.js";
import { SimulatedClock } from "../../../src/time/simulated-clock.js";
import { float32 } from "../../../src/transport/ndarray.js";
import { FakeHost, solvedTick } from "../../control/fake-host.js";
import { MemoryGraph } from "../memory-graph.js";

const TYPE = "diagnostic_msgs/msg/DiagnosticStatus";

/** A robot whose loop is watched by a status, on a graph with someone who listens. */
function bench() {
  const graph = new MemoryGraph("/parapilot");
  const console_ = graph.remote("/console");
  const heard: DiagnosticStatus[] = [];
  const listen = (said: DiagnosticStatus[]) =>
    console_.subscription(TYPE, "/parapilot/status", LATCHED_QOS, (message) =>
      said.push(message as DiagnosticStatus),
    );
  listen(heard);
  const publisher = graph.publisher(TYPE, "~/status", LATCHED_QOS);
  const status = new Status({
    node: "parapilot",
    now: () => graph.now(),
    publish: (message) => publisher.publish(message),
  });
  status.lifecycle("active");
  const clock = new SimulatedClock();
  const host = new FakeHost();
  const robot = new Robot("ros", {
    inference: host,
    clock,
    budgets: { tick: 100, solve: null, maxObservationAge: null, hold: 300 },
    plan: resolvePlanSettings(planSettingsSchema.parse({ blend: "none" }), host.manifest),
    send: () => {},
    watch: (event) => status.watch(event),
  });
  const see = (step: number) => {
    const observation = { position: float32([1]), target: float32([0.5, 1], [1, 2]) };
    const stamp = Math.round(1000 * clock.now());
    robot.take(
      { type: "observation", id: step, stamp, episode: 0, step, reply: "paced", observation },
      clock.now(),
    );
  };
  const latecomer = () => {
    const said: DiagnosticStatus[] = [];
    listen(said);
    return said;
  };
  return { clock, host, see, heard, latecomer };
}

/** What a solve's end sets off has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a run down the ladder and up again", () => {
  it("is one status for each change on the graph, and the newest for whoever comes later", async () => {
    const { clock, host, see, heard, latecomer } = bench();
    for (let step = 0; step < 15; step++) {
      see(step);
      clock.advance(20);
      // The chunk asked for at step 3 comes at step 12: too late. The one asked for then comes at once.
      if ([0, 12, 13].includes(step)) host.answer(solvedTick());
      await settled();
      clock.advance(80);
    }
    const values = heard.map(({ values: all }) =>
      Object.fromEntries(all.map(({ key, value }) => [key, value])),
    );
    expect(values.map(({ change, reason }) => [change, reason])).toEqual([
      ["state active", ""],
      ["episode 0", ""],
      ["rung hold", "the first chunk is being solved"],
      ["rung fresh", ""],
      ["rung rest", "the next chunk is still being solved"],
      ["rung hold", "the next chunk is still being solved"],
      ["rung stop", "nothing sound for 400 ms: the next chunk is still being solved"],
      ["rung fresh", ""],
    ]);
    expect(heard.map(({ level }) => level)).toEqual([0, 0, 0, 0, 1, 2, 2, 0]);
    expect(latecomer()).toEqual([heard.at(-1)]);
  });
});
