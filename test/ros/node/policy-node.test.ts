import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { stampToMs } from "../../../src/ros/stamp.js";
import { changedBundle } from "../../policy/bundles.js";
import { nodeBench, quickLaunch, simulatedBench, until, valuesOf } from "./node-bench.js";

/** Long enough for a node that acts to have acted. */
const silence = () => new Promise((done) => setTimeout(done, 300));

describe("the policy's node in its life cycle", () => {
  it("takes nothing in and says nothing of actions before it is active", async () => {
    const { node, board, policies, log } = await nodeBench();
    board.run();
    await silence();
    expect(policies).toEqual([]);
    await node.configure();
    expect(policies).toHaveLength(1);
    expect(log().join("\n")).toMatch(/info: policy pusht: semilinear \(ddim.*solve 200 ms/);
    await silence();
    expect(board.targets).toEqual([]);
  });

  it("acts when it is active, with the stamps of what it saw", async () => {
    const { node, board, ticks } = await nodeBench();
    const shown = new Set<number>();
    board.run(() => {
      const stampMs = Date.now();
      shown.add(stampMs);
      return { stampMs };
    });
    await node.configure();
    await node.activate();
    await until(() => ticks().filter(({ plan }) => plan).length >= 10);
    const acting = ticks().filter(({ action }) => action.length > 0);
    for (const [k, { header, pose }] of board.targets.entries()) {
      expect(header.frame_id).toBe("board");
      // What only holds derives from no observation.
      if (acting[k].plan) expect(shown).toContain(stampToMs(header.stamp));
      const { x, y } = pose.position;
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x, y)).toBeLessThanOrEqual(0.512);
    }
  });

  it("stops under control when it is deactivated, is silent then, and goes on when it is activated again", async () => {
    const { node, board, ticks, statuses, log, pass } = await simulatedBench();
    await node.configure();
    await node.activate();
    await pass(10_000, 11_500);
    expect(ticks().at(-1)?.rung).toBe("fresh");
    const before = ticks().length;
    const deactivated = node.deactivate();
    await pass(11_500, 14_000);
    await deactivated;
    const stop = ticks().slice(before);
    expect(stop.length).toBeGreaterThan(5);
    expect(stop.every(({ rung }) => rung === "stop")).toBe(true);
    const last = board.targets.at(-1);
    expect(board.targets.at(-2)?.pose).toEqual(last?.pose);
    const acted = board.targets.length;
    await pass(14_000, 15_000);
    expect(board.targets).toHaveLength(acted);
    expect(statuses.at(-1)).toMatchObject({ level: 0, message: "inactive" });
    await node.activate();
    await pass(15_000, 16_500);
    expect(ticks().at(-1)?.rung).toBe("fresh");
    expect(board.targets.length).toBeGreaterThan(acted);
    // Nothing of this is anything to worry about.
    expect(log().filter((line) => !line.startsWith("info"))).toEqual([]);
    expect(log().join("\n")).toMatch(
      /hold at step 0: the first chunk is being solved[\s\S]*fresh chunks from step [\s\S]*stop at step \d+: the node was deactivated[\s\S]*fresh chunks from step/,
    );
  });

  it("can be deactivated before anything was seen", async () => {
    const { node, board, statuses } = await nodeBench();
    await node.configure();
    await node.activate();
    expect(statuses.at(-1)?.message).toBe("active: waits for the first observation");
    await node.deactivate();
    expect(board.targets).toEqual([]);
  });

  it("leaves nothing on the graph when it is cleaned up, however often", async () => {
    const { node, board, graph, ticks } = await nodeBench();
    const ends = () =>
      ["block_pose", "agent_pose", "target_pose", "~/chunk", "~/status", "/diagnostics", "/clock"].map(
        (topic) => [topic, graph.publishers(topic).length, graph.subscribers(topic).length],
      );
    board.run();
    const before = ends();
    for (let round = 0; round < 3; round++) {
      await node.configure();
      expect(graph.subscribers("block_pose")).toHaveLength(1);
      const acted = ticks().length;
      await node.activate();
      await until(() => ticks().length > acted);
      await node.deactivate();
      await node.cleanup();
      expect(ends()).toEqual(before);
    }
  });

  it("stops before it shuts down", async () => {
    const { node, board, ticks, statuses } = await nodeBench();
    board.run();
    await node.configure();
    await node.activate();
    await until(() => ticks().some(({ rung }) => rung === "fresh"));
    await node.shutdown();
    expect(ticks().at(-1)).toMatchObject({ rung: "stop", reason: "the node is shutting down" });
    expect(statuses.at(-1)?.message).toBe("finalized");
    expect(board.targets.length).toBe(ticks().filter(({ action }) => action.length > 0).length);
  });

  it("stays unconfigured without a section ros, says why, and can be configured once there is one", async () => {
    const { ros: _, ...document } = await quickLaunch();
    const { node, statuses } = await nodeBench({ document });
    await expect(node.configure()).rejects.toThrow("no section ros");
    expect(statuses.at(-1)).toMatchObject({
      level: 2,
      message: expect.stringMatching(/^unconfigured: .*no section ros.*launch\/pusht\.yaml has one/),
    });
    expect(valuesOf(statuses[statuses.length - 1]).state).toBe("unconfigured");
  });

  it("stays unconfigured with a broken policy, and has no worker left behind", async () => {
    const policy = await changedBundle({ network: (bytes) => bytes.slice(0, 1000) });
    const document = { ...(await quickLaunch()), policy };
    const { node, statuses, graph } = await nodeBench({ document });
    await expect(node.configure()).rejects.toThrow("sha256");
    expect(statuses.at(-1)?.message).toMatch(/^unconfigured: .*sha256/s);
    expect(graph.subscribers("block_pose")).toEqual([]);
    await expect(node.configure()).rejects.toThrow("sha256");
  });

  it("fails to configure with all that is wrong in a binding", async () => {
    const document = await quickLaunch();
    const parameters = { "ros.observations.agent_position.fields": ["pose.position.x"] };
    const { node, statuses } = await nodeBench({ document, parameters });
    await expect(node.configure()).rejects.toThrow("ros.observations.agent_position");
    expect(statuses.at(-1)?.message).toContain("ros.observations.agent_position");
  });

  it.each([
    ["relative to the launch file", "../policies/pusht"],
    ["absolute", resolve("policies/pusht")],
  ])("takes a policy that a parameter names, %s", async (_, policy) => {
    const document = { ...(await quickLaunch()), policy: "/nowhere" };
    const { node, policies } = await nodeBench({ document, parameters: { policy } });
    await node.configure();
    expect(policies[0]?.bundle.manifest.name).toBe("pusht");
  });
});

describe("what the policy's node says of itself", () => {
  it("is one ~/status for each change, and the newest for whoever comes later", async () => {
    const { node, ticks, statuses, reset, pass } = await simulatedBench();
    await node.configure();
    await node.activate();
    await pass(10_000, 11_500);
    const episode = ticks().at(-1)?.episode;
    await reset();
    await pass(11_500, 13_000);
    const deactivated = node.deactivate();
    await pass(13_000, 15_500);
    await deactivated;
    const changes = statuses.map((status) => valuesOf(status).change);
    expect(changes.slice(0, 5)).toEqual([
      "settings",
      "state inactive",
      "state active",
      `episode ${episode}`,
      "rung hold",
    ]);
    expect(changes[5]).toBe("rung fresh");
    expect(changes.slice(-2)).toEqual(["rung stop", "state inactive"]);
    expect(changes.filter((change) => change.startsWith("episode"))).toHaveLength(2);
    for (const [k, change] of changes.slice(1).entries()) expect(change).not.toBe(changes[k]);
    expect(statuses.every(({ level }) => level === 0)).toBe(true);
  });

  it("is a ~/chunk of poses in metres, in the future of what was seen", async () => {
    const { node, board, chunks } = await nodeBench();
    board.run();
    await node.configure();
    await node.activate();
    await until(() => chunks.length >= 3);
    const { header, poses } = chunks[chunks.length - 1];
    expect(header.frame_id).toBe("board");
    expect(poses.length).toBeGreaterThan(1);
    const stamps = poses.map((pose) => stampToMs(pose.header.stamp));
    expect(stamps[0]).toBeGreaterThan(stampToMs(header.stamp));
    for (let k = 1; k < stamps.length; k++) expect(stamps[k] - stamps[k - 1]).toBeCloseTo(100, 1);
    for (const { pose } of poses) {
      const { x, y } = pose.position as { x: number; y: number };
      expect(Math.max(x, y)).toBeLessThanOrEqual(0.512);
    }
  });

  it("is a /diagnostics of loop, solver and observations in every state", async () => {
    const { node, diagnostics, pass } = await simulatedBench();
    const next = async () => {
      const count = diagnostics.length;
      await until(() => diagnostics.length > count);
      return diagnostics[diagnostics.length - 1];
    };
    const idle = await next();
    expect(idle.status.map(({ name }) => name)).toEqual([
      "lab/parapilot: loop",
      "lab/parapilot: solver",
      "lab/parapilot: observations",
    ]);
    expect(idle.status[0]?.message).toContain("ros2 lifecycle set lab/parapilot configure");
    await node.configure();
    await node.activate();
    const waiting = await next();
    expect(waiting.status[2]).toMatchObject({ level: 2 });
    expect(waiting.status[2]?.message).toContain("ros2 topic info -v /lab/block_pose");
    await pass(10_000, 12_500);
    const running = await next();
    expect(running.status.slice(0, 3).map(({ level }) => level)).toEqual([0, 0, 0]);
    expect(running.status[0]?.message).toMatch(/^fresh chunks, (9|10|11)\.\d Hz$/);
    expect(running.status[1]?.hardware_id).toBe("pusht");
    expect(valuesOf(running.status[2])).toMatchObject({ "keypoints: topic": "/lab/block_pose" });
  });
});

describe("~/reset", () => {
  it("begins a new episode at its first step", async () => {
    const { node, board, ticks, reset } = await nodeBench();
    board.run();
    await node.configure();
    await node.activate();
    await until(() => ticks().length > 5);
    const { episode } = ticks()[0];
    expect(await reset()).toMatchObject({ success: true });
    await until(() => ticks().some((tick) => tick.episode !== episode && tick.rung === "fresh"));
    expect(ticks().find((tick) => tick.episode !== episode)?.step).toBe(0);
  });

  it("is refused where there is nothing to forget", async () => {
    const { node, reset } = await nodeBench();
    expect(await reset()).toMatchObject({ success: false, message: expect.stringContaining("unconfigured") });
    await node.configure();
    expect(await reset()).toMatchObject({ success: false, message: expect.stringContaining("inactive") });
  });
});
