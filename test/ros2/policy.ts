import { onTestFinished } from "vitest";
import type { DiagnosticArray, DiagnosticStatus } from "../../src/ros/diagnostics/diagnostic-status.js";
import type { RosGraph } from "../../src/ros/graph.js";
import { COMMAND_QOS } from "../../src/ros/qos.js";
import { ScriptedBoard } from "../ros/node/scripted-board.js";
import { call, NodeUnderTest, until } from "./harness.js";

/** Solves in a few milliseconds. */
const QUICK = ["-p", "solver.rule.name:=ddim", "-p", "solver.rule.steps:=4"];

export interface PolicyOptions {
  readonly file?: string;
  readonly isStarted?: boolean;
  /** What follows `--ros-args`. */
  readonly args?: readonly string[];
}

/** `parapilot ros` in a process of its own; it ends with the test. */
export function startPolicy(options: PolicyOptions = {}): NodeUnderTest {
  const { file = "launch/pusht.yaml", isStarted = true, args = [] } = options;
  const start = isStarted ? ["--autostart"] : [];
  const node = NodeUnderTest.cli("ros", file, ...start, "--ros-args", ...QUICK, ...args);
  // Not killed: a node that cannot take leave haunts the graph for ten seconds, and swallows requests.
  onTestFinished(async () => {
    await node.stop("SIGINT");
  });
  return node;
}

/** A scripted board in the test's process; it ends with the test. */
export function putBoard(graph: RosGraph, prefix = ""): ScriptedBoard {
  const board = new ScriptedBoard(graph, prefix);
  onTestFinished(() => board.close());
  return board;
}

/** Asks for a transition as any client does, by its id or its label. */
export async function change(graph: RosGraph, wanted: number | string, node = "/parapilot") {
  const transition = typeof wanted === "number" ? { id: wanted, label: "" } : { id: 0, label: wanted };
  const answer = await call(graph, "lifecycle_msgs/srv/ChangeState", `${node}/change_state`, { transition });
  return (answer as { success: boolean }).success;
}

export async function stateOf(graph: RosGraph, node = "/parapilot"): Promise<string> {
  const answer = await call(graph, "lifecycle_msgs/srv/GetState", `${node}/get_state`, {});
  return (answer as { current_state: { label: string } }).current_state.label;
}

/** Listens to /diagnostics until the test ends. */
export function hearDiagnostics(graph: RosGraph) {
  const newest = new Map<string, DiagnosticStatus>();
  const type = "diagnostic_msgs/msg/DiagnosticArray";
  const heard = graph.subscription(type, "/diagnostics", { ...COMMAND_QOS, depth: 10 }, (message) => {
    for (const status of (message as DiagnosticArray).status) newest.set(status.name, status);
  });
  onTestFinished(() => heard.close());
  return {
    /** Resolves when the newest message of a part, such as `parapilot: loop`, matches. */
    value: (part: string, key: string) => newest.get(part)?.values.find((value) => value.key === key)?.value,
    says: (part: string, pattern: RegExp) => until(() => pattern.test(newest.get(part)?.message ?? "")),
  };
}
