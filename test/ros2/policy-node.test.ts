import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { RosGraph } from "../../src/ros/graph.js";
import { COMMAND_QOS } from "../../src/ros/qos.js";
import type { RosSession } from "../../src/ros/rclnodejs/load.js";
import { type Stamp, stampToMs } from "../../src/ros/stamp.js";
import { call, isSkipped, NodeUnderTest, openClient, titled, until } from "./harness.js";
import { change, hearDiagnostics, putBoard, startPolicy, stateOf } from "./policy.js";

describe.skipIf(isSkipped)(titled("the policy's node on a real graph"), () => {
  let session: RosSession;
  let graph: RosGraph;
  beforeAll(async () => {
    session = await openClient();
    graph = session.graph;
  });
  afterAll(() => session.close());

  /** When what was sent on a topic was stamped, exactly. */
  const stampsOn = (topic: string) => {
    const stamps = new Set<number>();
    const type = "geometry_msgs/msg/PoseStamped";
    const heard = graph.subscription(type, topic, { ...COMMAND_QOS, depth: 10 }, (message) =>
      stamps.add(stampToMs((message as { header: { stamp: Stamp } }).header.stamp)),
    );
    onTestFinished(() => heard.close());
    return stamps;
  };

  it("pushes the simulated block, on actions stamped with what it saw", async () => {
    const node = NodeUnderTest.cli("ros", "launch/pusht.yaml", "--autostart");
    const sim = NodeUnderTest.cli(
      "ros-sim",
      "pusht",
      "--seed",
      "100003",
      "--episodes",
      "1",
      "--json",
      "--quiet",
    );
    onTestFinished(async () => {
      await node.stop("SIGINT");
      await sim.stop("SIGINT");
    });
    const seen = stampsOn("block_pose");
    const acted = stampsOn("target_pose");
    let score = 0;
    const scores = graph.subscription("std_msgs/msg/Float32", "/pusht/score", COMMAND_QOS, (message) => {
      score = (message as { data: number }).data;
    });
    onTestFinished(() => scores.close());
    await until(() => score > 0.3 || !sim.isAlive);
    expect(await sim.stop("SIGINT")).toBe(0);
    const {
      scores: found,
      steps,
      silent_steps,
      refused_commands,
    } = JSON.parse(sim.output.slice(sim.output.indexOf("{"), sim.output.lastIndexOf("}") + 1));
    expect(found[0]).toBeGreaterThan(0.3);
    expect(silent_steps).toBeLessThan(steps / 4);
    expect(refused_commands).toBe(0);
    // What holds before the first chunk, or for want of one, derives from nothing that was seen.
    const derived = [...acted].filter((stamp) => seen.has(stamp));
    expect(derived.length).toBeGreaterThan(2);
    expect(await node.stop("SIGINT")).toBe(0);
  });

  it("goes through its life cycle for a plain client, and acts only while it is active", async () => {
    const node = startPolicy({ isStarted: false });
    const board = putBoard(graph);
    board.run();
    expect(await stateOf(graph)).toBe("unconfigured");
    expect(await change(graph, "configure")).toBe(true);
    expect(await stateOf(graph)).toBe("inactive");
    expect(board.targets).toEqual([]);
    expect(await change(graph, "activate")).toBe(true);
    expect(await stateOf(graph)).toBe("active");
    await until(() => board.targets.length > 10);
    const deactivated = change(graph, "deactivate");
    await node.line(/the node was deactivated/);
    // Others are answered while the robot comes to a stop.
    expect(await stateOf(graph)).toBe("deactivating");
    expect(await deactivated).toBe(true);
    const acted = board.targets.length;
    expect(await change(graph, "cleanup")).toBe(true);
    expect(await stateOf(graph)).toBe("unconfigured");
    expect(await change(graph, "shutdown")).toBe(true);
    expect(await stateOf(graph)).toBe("finalized");
    expect(board.targets).toHaveLength(acted);
    expect(await node.stop("SIGINT")).toBe(0);
    expect(node.output).not.toMatch(/\[(WARN|ERROR)\]/);
  });

  it("refuses what its state does not have, answers many at once, and lives on", async () => {
    const node = startPolicy({ isStarted: false });
    for (const odd of [99, 3, 0, "activate", "explode"]) expect(await change(graph, odd)).toBe(false);
    // Of requests at once the first is taken, whichever that is.
    const wanted = ["configure", "deactivate", "configure", "configure"];
    const [answers, states] = await Promise.all([
      Promise.all(wanted.map((each) => change(graph, each))),
      Promise.all(Array.from({ length: 5 }, () => stateOf(graph))),
    ]);
    expect(answers.filter((isDone) => isDone)).toHaveLength(1);
    expect(answers[1]).toBe(false);
    for (const state of states) expect(["unconfigured", "configuring", "inactive"]).toContain(state);
    expect(await node.line(/configure refused/)).toMatch(/the node is (configuring|inactive)/);
    expect(await stateOf(graph)).toBe("inactive");
    expect(node.isAlive).toBe(true);
  });

  it("leaves no ends of topics behind after five rounds", async () => {
    startPolicy({ isStarted: false });
    const board = putBoard(graph);
    board.run();
    await stateOf(graph);
    const topics = ["/block_pose", "/agent_pose", "/target_pose", "/parapilot/chunk", "/parapilot/status"];
    const ends = () =>
      [...topics, "/diagnostics", "/rosout", "/clock"].map((topic) => {
        const nodes = [...graph.publishers(topic), ...graph.subscribers(topic)];
        return [topic, nodes.filter((end) => end.node === "/parapilot").length];
      });
    await until(() => graph.publishers("/diagnostics").length > 0);
    const before = ends();
    for (let round = 0; round < 5; round++) {
      const acted = board.targets.length;
      expect(await change(graph, "configure")).toBe(true);
      expect(await change(graph, "activate")).toBe(true);
      await until(() => board.targets.length > acted);
      expect(await change(graph, "deactivate")).toBe(true);
      expect(await change(graph, "cleanup")).toBe(true);
    }
    await until(() => JSON.stringify(ends()) === JSON.stringify(before));
  });

  it("says why it cannot be configured, and is still there to be asked again", async () => {
    const node = startPolicy({ isStarted: false, args: ["-p", "policy:=../policies/nowhere"] });
    const said: string[] = [];
    const qos = { ...COMMAND_QOS, durability: "transient_local" as const };
    const heard = graph.subscription(
      "diagnostic_msgs/msg/DiagnosticStatus",
      "/parapilot/status",
      qos,
      (each) => said.push((each as { message: string }).message),
    );
    onTestFinished(() => heard.close());
    for (let k = 0; k < 2; k++) expect(await change(graph, "configure")).toBe(false);
    expect(await node.line(/configure failed/)).toContain("policies/nowhere");
    await until(() => said.some((each) => /^unconfigured: .*policies\/nowhere/.test(each)));
    expect(await stateOf(graph)).toBe("unconfigured");
  });

  it("ends in spite of a recording that had begun when something else could not", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parapilot-"));
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(async () => {
      other.close();
      await rm(folder, { recursive: true });
    });
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const args = ["-p", `view:=127.0.0.1:${port}`, "-p", `record:=${join(folder, "run.mcap")}`];
    const node = startPolicy({ args });
    expect(await node.line(/configure failed/)).toContain(`127.0.0.1:${port}`);
    expect(node.output).toContain("recording to");
    expect(await node.stop("SIGINT")).toBe(0);
  });

  it("takes parameters while it acts, and refuses others with the reason", async () => {
    const node = startPolicy();
    const board = putBoard(graph);
    board.run();
    const diagnostics = hearDiagnostics(graph);
    await until(() => board.targets.length > 5);
    const set = async (name: string, value: string) => {
      const parameters = [{ name, value: { type: 4, string_value: value } }];
      const type = "rcl_interfaces/srv/SetParameters";
      const answer = await call(graph, type, "/parapilot/set_parameters", { parameters });
      return (answer as { results: { successful: boolean; reason: string }[] }).results[0];
    };
    expect(await set("budgets.solve", "1 us")).toEqual({ successful: true, reason: "" });
    await diagnostics.says("parapilot: solver", /cut short by budgets\.solve/);
    const refused = await set("budgets.max_observation_age", "300 ms");
    expect(refused).toMatchObject({ successful: false, reason: expect.stringContaining("allow at least") });
    expect(await set("budgets.solve", "200 ms")).toEqual({ successful: true, reason: "" });
    const acted = board.targets.length;
    await until(() => board.targets.length > acted + 5);
    expect(node.isAlive).toBe(true);
  });
});
