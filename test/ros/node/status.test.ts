import { describe, expect, it } from "vitest";
import type { DiagnosticStatus } from "../../../src/ros/diagnostics/diagnostic-status.js";
import { Status } from "../../../src/ros/node/status.js";
import type { LoopEvent, Rung } from "../../../src/telemetry/loop-event.js";
import { tickOf } from "../../view/events.js";

function opened() {
  const said: DiagnosticStatus[] = [];
  const status = new Status({
    node: "parapilot",
    now: () => 12_345,
    publish: (message) => said.push(message),
  });
  const value = (key: string) => said.at(-1)?.values.find((pair) => pair.key === key)?.value;
  return { status, said, value };
}

function active() {
  const node = opened();
  node.status.settings("pusht", "semilinear");
  node.status.lifecycle("inactive");
  node.status.lifecycle("active");
  node.said.length = 0;
  return node;
}

const worker = (state: "lost" | "ready", message: string): LoopEvent => ({
  kind: "worker",
  at: 0,
  state,
  message,
});
const episode = (number: number): LoopEvent => ({ kind: "episode", at: 0, robot: "ros", episode: number });

describe("Status", () => {
  it("says each step down and up the ladder once, with the reason that it began with", () => {
    const { status, said } = active();
    const run: [Rung, number][] = [
      ["fresh", 3],
      ["iterate", 1],
      ["rest", 4],
      ["hold", 5],
      ["stop", 20],
      ["hold", 1],
      ["fresh", 9],
    ];
    let step = 0;
    for (const [rung, times] of run) {
      for (let k = 0; k < times; k++) {
        const reason = rung === "fresh" ? "" : `trouble ${k}`;
        status.watch(tickOf(step++, { rung, reason, missed: rung !== "fresh" }));
      }
    }
    expect(said.map(({ level, message }) => [level, message])).toEqual([
      [0, "fresh chunks"],
      [1, "iterate: trouble 0"],
      [1, "rest: trouble 0"],
      [2, "hold: trouble 0"],
      [2, "stop: trouble 0"],
      [2, "hold: trouble 0"],
      [0, "fresh chunks"],
    ]);
  });

  it("says the state of the node at each transition, and why one failed", () => {
    const { status, said } = opened();
    status.lifecycle("unconfigured");
    expect(said).toEqual([]);
    status.lifecycle("unconfigured", "policies/pusht is no policy bundle");
    status.lifecycle("inactive");
    status.lifecycle("inactive");
    status.lifecycle("active");
    status.lifecycle("finalized");
    expect(said.map(({ level, message }) => [level, message])).toEqual([
      [2, "unconfigured: policies/pusht is no policy bundle"],
      [0, "inactive"],
      [0, "active: waits for the first observation"],
      [0, "finalized"],
    ]);
  });

  it("forgets the rung when the loop stops, and says it again in the next run", () => {
    const { status, said, value } = active();
    status.watch(tickOf(0));
    status.lifecycle("inactive");
    expect(value("rung")).toBe("none yet");
    status.lifecycle("active");
    status.watch(tickOf(0));
    expect(said.map(({ message }) => message)).toEqual([
      "fresh chunks",
      "inactive",
      "active: waits for the first observation",
      "fresh chunks",
    ]);
  });

  it("says that the worker was lost and is ready again", () => {
    const { status, said } = active();
    status.watch(tickOf(0));
    status.watch(worker("lost", "it hung"));
    status.watch(worker("lost", "it hung"));
    status.watch(tickOf(1, { rung: "hold", reason: "the worker is being replaced", missed: true }));
    status.watch(worker("ready", "a new worker is ready"));
    expect(said.map(({ level, message }) => [level, message])).toEqual([
      [0, "fresh chunks"],
      [1, "fresh: the worker was lost: it hung"],
      [2, "hold: the worker was lost: it hung"],
      [2, "hold: the worker is being replaced"],
    ]);
  });

  it("is no error to stop when told to", () => {
    const { status, said } = active();
    const stop = { rung: "stop", reason: "the node was deactivated", missed: true } as const;
    status.watch({ kind: "halt", at: 0, robot: "ros", reason: stop.reason });
    status.watch(tickOf(0, stop));
    status.lifecycle("inactive");
    status.lifecycle("active");
    status.watch(tickOf(0, stop));
    expect(said.map(({ level }) => level)).toEqual([0, 0, 0, 2]);
    expect(said[0].message).toBe("stop: the node was deactivated");
  });

  it("knows nothing of the worker of a policy that was unloaded", () => {
    const { status, value } = active();
    status.watch(worker("lost", "it hung"));
    status.lifecycle("inactive");
    expect(value("worker")).toBe("lost");
    status.lifecycle("unconfigured");
    expect(value("worker")).toBe("ready");
  });

  it("says once that settings changed or an episode began", () => {
    const { status, said, value } = active();
    status.settings("pusht", "semilinear");
    expect(said).toEqual([]);
    status.settings("pusht", "sequential");
    expect([value("change"), value("settings")]).toEqual(["settings", "sequential"]);
    status.watch(episode(0));
    status.watch(episode(0));
    status.watch(episode(1));
    expect([said.length, value("change"), value("episode")]).toEqual([3, "episode 1", "1"]);
  });

  it("tells the whole condition each time, for whoever comes later", () => {
    const { status, said } = active();
    status.watch(episode(4));
    status.watch(tickOf(0, { rung: "rest", reason: "no newer chunk" }));
    expect(said.at(-1)).toEqual({
      level: 1,
      name: "parapilot: status",
      message: "rest: no newer chunk",
      hardware_id: "pusht",
      values: [
        { key: "change", value: "rung rest" },
        { key: "at ROS time", value: "12.345 s" },
        { key: "state", value: "active" },
        { key: "rung", value: "rest" },
        { key: "reason", value: "no newer chunk" },
        { key: "worker", value: "ready" },
        { key: "episode", value: "4" },
        { key: "settings", value: "semilinear" },
      ],
    });
  });
});
