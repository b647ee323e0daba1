import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { boardHeader } from "../../sim/ros/board.js";
import type { RosGraph } from "../../src/ros/graph.js";
import { COMMAND_QOS, SENSOR_QOS } from "../../src/ros/qos.js";
import type { RosSession } from "../../src/ros/rclnodejs/load.js";
import { msToStamp, stampToMs } from "../../src/ros/stamp.js";
import type { Oddity } from "../ros/node/scripted-board.js";
import { Gantry } from "./gantry.js";
import { call, isSkipped, openClient, titled, until } from "./harness.js";
import { change, hearDiagnostics, putBoard, startPolicy, stateOf } from "./policy.js";

const GANTRY = "launch/pusht-gantry.yaml";

describe.skipIf(isSkipped)(titled("the policy's node on a real graph, in trouble"), () => {
  let session: RosSession;
  let graph: RosGraph;
  beforeAll(async () => {
    session = await openClient();
    graph = session.graph;
  });
  afterAll(() => session.close());

  it("says which QoS does not fit, and what to set", async () => {
    const args = ["-p", "ros.observations.agent_position.qos.reliability:=reliable"];
    const node = startPolicy({ args });
    const tracker = graph.publisher("geometry_msgs/msg/PoseStamped", "agent_pose", SENSOR_QOS);
    onTestFinished(() => tracker.close());
    expect(await node.line(/incompatible QoS on \/agent_pose/)).toMatch(
      /WARN.*policy reliability: \/tester publishes on it as best_effort.*set ros\.observations\.agent_position\.qos\.reliability: best_effort/,
    );
  });

  it("names what is wrong with each observation, and acts again when it is right", async () => {
    const node = startPolicy({ file: GANTRY });
    const board = putBoard(graph);
    const diagnostics = hearDiagnostics(graph);
    board.run();
    await until(() => board.trajectories.length > 5);
    const joints = (changes: object) => ({
      joints: {
        header: boardHeader(Date.now()),
        name: ["gantry_x", "gantry_y"],
        position: [0.1, 0.3],
        velocity: [],
        effort: [],
        ...changes,
      },
    });
    const troubles: readonly [() => Oddity, RegExp][] = [
      [() => ({ stampMs: Date.now() - 3_600_000 }), /stale: 3600\.\d\d s old.*its sender has another clock/],
      [() => ({ stampMs: Date.now() + 10_000 }), /in the future: the clocks of its sender and this machine/],
      [() => joints({ position: [0.1, Number.NaN] }), /agent_position.*position of joint "gantry_y" is NaN/],
      [() => joints({ name: ["gantry_x"], position: [0.1] }), /agent_position.*joint "gantry_y" is missing/],
    ];
    for (const [oddity, said] of troubles) {
      board.run(oddity);
      await node.line(said);
      await diagnostics.says("parapilot: observations", said);
    }
    for (const fine of [
      () => joints({ name: ["camera", "gantry_y", "gantry_x"], position: [7, 0.3, 0.1] }),
      // Nobody filled in the headers.
      () => ({ stampMs: null }),
    ]) {
      board.run(fine);
      const acted = board.trajectories.length;
      await until(() => board.trajectories.length > acted + 5);
    }
    await diagnostics.says("parapilot: observations", /^all 2 come in$/);
    await node.line(/fine again after/);
  });

  it("lives by /clock under use_sim_time: waits with it, and begins anew when it jumps back", async () => {
    startPolicy({ args: ["-p", "use_sim_time:=true"] });
    const board = putBoard(graph);
    const diagnostics = hearDiagnostics(graph);
    const clock = graph.publisher("rosgraph_msgs/msg/Clock", "/clock", COMMAND_QOS);
    let nowMs = 10_000;
    let isPaused = false;
    const beat = setInterval(() => {
      if (!isPaused) nowMs += 10;
      clock.publish({ clock: msToStamp(nowMs) });
      if (!isPaused && nowMs % 100 === 0) board.show({ stampMs: nowMs });
    }, 10);
    onTestFinished(() => {
      clearInterval(beat);
      clock.close();
    });
    const newest = () => stampToMs(board.targets[board.targets.length - 1].header.stamp);
    await until(() => board.targets.length > 10);
    expect(newest()).toBeLessThanOrEqual(nowMs);
    isPaused = true;
    await diagnostics.says("parapilot: time", /\/clock stands still at/);
    const acted = board.targets.length;
    isPaused = false;
    await until(() => board.targets.length > acted + 5);
    nowMs = Math.floor((nowMs - 5_000) / 100) * 100;
    const back = nowMs;
    const before = board.targets.length;
    await until(() => board.targets.length > before + 10);
    expect(newest()).toBeGreaterThanOrEqual(back);
    expect(newest()).toBeLessThanOrEqual(nowMs);
    await until(() => diagnostics.value("parapilot: time", "times set back") === "1");
  });

  it("is killed and started anew while the controller holds the end of its last trajectory: no joint leaps", async () => {
    const gantry = new Gantry(graph);
    onTestFinished(() => gantry.close());
    const first = startPolicy({ file: GANTRY });
    await until(() => gantry.accepted > 20);
    await first.stop("SIGKILL");
    await until(() => gantry.isStanding);
    const held = gantry.accepted;
    startPolicy({ file: GANTRY });
    await until(() => gantry.accepted > held + 20);
    expect(gantry.longestLeap).toBeGreaterThan(0);
    // Of a board half a metre wide, within 5 ms.
    expect(gantry.longestLeap).toBeLessThan(0.02);
  });

  it("keeps to its own name, topics and parameters beside another in its namespace", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parapilot-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "parameters.yaml");
    await writeFile(
      file,
      '/lab/parapilot:\n  ros__parameters: { budgets.hold: "700 ms" }\n' +
        '/lab/second:\n  ros__parameters: { budgets: { hold: "900 ms" } }\n',
    );
    const args = ["-r", "__ns:=/lab", "--params-file", file];
    const nodes = [
      startPolicy({ args }),
      startPolicy({ args: [...args, "-r", "__node:=second", "-r", "target_pose:=second_pose"] }),
    ];
    const board = putBoard(graph, "/lab/");
    const diagnostics = hearDiagnostics(graph);
    board.run();
    for (const [k, [name, hold]] of [
      ["/lab/parapilot", "700 ms"],
      ["/lab/second", "900 ms"],
    ].entries()) {
      expect(await nodes[k].line(/policy pusht: /)).toContain(`hold ${hold}`);
      await nodes[k].line(/fresh chunks/);
      expect(await stateOf(graph, name)).toBe("active");
      await diagnostics.says(`${name.slice(1)}: observations`, /^all 2 come in$/);
    }
    expect(graph.publishers("/lab/target_pose").map(({ node }) => node)).toEqual(["/lab/parapilot"]);
    expect(graph.publishers("/lab/second_pose").map(({ node }) => node)).toEqual(["/lab/second"]);
    expect(await change(graph, "deactivate", "/lab/second")).toBe(true);
    expect(await call(graph, "std_srvs/srv/Trigger", "/lab/parapilot/reset", {})).toMatchObject({
      success: true,
    });
    expect(await stateOf(graph, "/lab/parapilot")).toBe("active");
  });

  it("acts on while garbage comes a thousand times a second", async () => {
    startPolicy({ file: GANTRY });
    const board = putBoard(graph);
    const diagnostics = hearDiagnostics(graph);
    board.run();
    await until(() => board.trajectories.length > 5);
    const joints = graph.publisher("sensor_msgs/msg/JointState", "joint_states", COMMAND_QOS);
    const begunAt = performance.now();
    let sent = 0;
    const flood = setInterval(() => {
      for (; sent < performance.now() - begunAt; sent++)
        joints.publish({ header: boardHeader(Date.now()), name: ["?"], position: [Number.NaN, 1] });
    }, 1);
    onTestFinished(() => {
      clearInterval(flood);
      joints.close();
    });
    await diagnostics.says("parapilot: observations", /joints gantry_x, gantry_y are missing/);
    const acted = board.trajectories.length;
    await until(() => board.trajectories.length > acted + 30);
    expect(sent).toBeGreaterThan(2000);
  });
});

describe.skipIf(isSkipped)(titled("a signal to the policy's node"), () => {
  let session: RosSession;
  beforeAll(async () => {
    session = await openClient();
  });
  afterAll(() => session.close());

  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s has it stop the robot, shut down and end with 0",
    async (signal) => {
      const node = startPolicy();
      const board = putBoard(session.graph);
      board.run();
      await node.line(/fresh chunks/);
      expect(await node.stop(signal)).toBe(0);
      expect(node.output).toMatch(
        new RegExp(`${signal}: shutting down[\\s\\S]*stop at step \\d+: the node is shutting down`),
      );
      const poses = board.targets.slice(-3).map(({ pose }) => pose);
      expect(poses).toEqual([poses[0], poses[0], poses[0]]);
    },
  );

  it("ends it with 0 while it is being configured, too", async () => {
    const node = startPolicy({ isStarted: false });
    const configured = change(session.graph, "configure");
    await until(() => session.graph.publishers("/parapilot/status").length > 0);
    while ((await stateOf(session.graph)) !== "configuring");
    expect(await node.stop("SIGINT")).toBe(0);
    expect(await configured).toBe(true);
    expect(node.output).not.toMatch(/\[ERROR\]/);
  });
});
