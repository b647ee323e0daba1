import { setImmediate as nextTurn } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type LaunchDocument, readLaunch } from "../../../src/launch/launch.js";
import type { DiagnosticArray, DiagnosticStatus } from "../../../src/ros/diagnostics/diagnostic-status.js";
import type { ParameterValue } from "../../../src/ros/graph.js";
import type { LoadedPolicy } from "../../../src/ros/node/loaded-policy.js";
import type { Path } from "../../../src/ros/node/plan-picture.js";
import { PolicyNode } from "../../../src/ros/node/policy-node.js";
import { changeCheck } from "../../../src/ros/parameters/change.js";
import { COMMAND_QOS, LATCHED_QOS } from "../../../src/ros/qos.js";
import { msToStamp } from "../../../src/ros/stamp.js";
import type { LoopEvent, TickRecord } from "../../../src/telemetry/loop-event.js";
import { MemoryGraph } from "../memory-graph.js";
import { ScriptedBoard } from "./scripted-board.js";

/** A shipped launch file, solved in a few milliseconds by one thread. */
export async function quickLaunch(file = "launch/pusht.yaml"): Promise<LaunchDocument> {
  const { document } = await readLaunch(file);
  const solver = { ...document.solver, rule: { name: "ddim" as const, steps: 4 } };
  return { ...document, solver, runtime: { ...document.runtime, threads: 1 } };
}

export interface BenchOptions {
  readonly document?: LaunchDocument;
  readonly isSimulated?: boolean;
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
}

/** The policy's node, with its real worker, opposite a scripted board on a graph in memory. */
export async function nodeBench({ document, isSimulated = false, parameters = {} }: BenchOptions = {}) {
  const graph = new MemoryGraph("/lab/parapilot", {
    now: isSimulated ? 0 : Date.now,
    isSimulated,
    parameters,
  });
  const events: LoopEvent[] = [];
  const policies: LoadedPolicy[] = [];
  const node = new PolicyNode({
    graph,
    document: document ?? (await quickLaunch()),
    folder: "launch",
    checkChange: await changeCheck(),
    attach: async (policy, _, watchers) => {
      policies.push(policy);
      const watch = (event: LoopEvent) => events.push(event);
      watchers.add(watch);
      return async () => {
        watchers.delete(watch);
      };
    },
  });
  const console_ = graph.remote("/lab/console");
  const statuses: DiagnosticStatus[] = [];
  const diagnostics: DiagnosticArray[] = [];
  const chunks: Path[] = [];
  const hear = <T>(type: string, topic: string, said: T[]) =>
    console_.subscription(type, topic, { ...COMMAND_QOS, depth: 10 }, (message) => said.push(message as T));
  console_.subscription(
    "diagnostic_msgs/msg/DiagnosticStatus",
    "/lab/parapilot/status",
    LATCHED_QOS,
    (said) => statuses.push(said as DiagnosticStatus),
  );
  hear("diagnostic_msgs/msg/DiagnosticArray", "/diagnostics", diagnostics);
  hear("nav_msgs/msg/Path", "/lab/parapilot/chunk", chunks);
  const board = new ScriptedBoard(graph.remote("/lab/board"));
  onTestFinished(async () => {
    board.stop();
    // Without the second that a controlled stop takes.
    await node.cleanup();
    node.close();
  });
  const reset = graph.client("std_srvs/srv/Trigger", "~/reset");
  return {
    graph,
    node,
    board,
    events,
    policies,
    statuses,
    diagnostics,
    chunks,
    ticks: () => events.filter((event): event is TickRecord => event.kind === "tick"),
    reset: () => reset.call({}, 1000),
    log: () => graph.logged.map(({ level, text }) => `${level}: ${text}`),
  };
}

/**
 * The same in time that is the simulator's: it passes when it is told to, and stands while a chunk is solved, so that no
 * machine is too slow for it.
 */
export async function simulatedBench() {
  const bench = await nodeBench({ isSimulated: true });
  const { graph, board, events } = bench;
  const clock = graph.remote("/simulator").publisher("rosgraph_msgs/msg/Clock", "/clock", COMMAND_QOS);
  const of = (kind: LoopEvent["kind"]) => events.filter((event) => event.kind === kind).length;
  return {
    ...bench,
    /** Time goes on from a moment to another, and the board shows itself every 100 ms. */
    pass: async (fromMs: number, toMs: number) => {
      for (let at = fromMs; at < toMs; at += 10) {
        graph.setNow(at);
        clock.publish({ clock: msToStamp(at) });
        if (at % 100 === 0) board.show();
        await nextTurn();
        await until(() => of("order") === of("solve"));
      }
    },
  };
}

/** What a status says, by key. */
export function valuesOf({ values }: DiagnosticStatus): Readonly<Record<string, string>> {
  return Object.fromEntries(values.map(({ key, value }) => [key, value]));
}

/** Resolves when the condition holds, asked every 5 ms; the test's own timeout ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
