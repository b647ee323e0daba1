import { describe, expect, it } from "vitest";
import { boardHeader } from "../../../sim/ros/board.js";
import { COMMAND_QOS, SENSOR_QOS } from "../../../src/ros/qos.js";
import { stampToMs } from "../../../src/ros/stamp.js";
import { changedBundle } from "../../policy/bundles.js";
import { type BenchOptions, nodeBench, quickLaunch, until } from "./node-bench.js";
import type { Oddity } from "./scripted-board.js";

/** A node that acts on fresh chunks. */
async function acting(options: BenchOptions = {}) {
  const bench = await nodeBench(options);
  const { node, board, ticks, diagnostics, log } = bench;
  board.run();
  await node.configure();
  await node.activate();
  await until(() => ticks().at(-1)?.rung === "fresh");
  return {
    ...bench,
    /** What /diagnostics says of observations comes to match. */
    complaint: (pattern: RegExp) => until(() => pattern.test(diagnostics.at(-1)?.status[2]?.message ?? "")),
    logged: (pattern: RegExp) => until(() => log().some((line) => pattern.test(line))),
    fresh: () => until(() => ticks().at(-1)?.rung === "fresh"),
    stopped: () => until(() => ticks().at(-1)?.rung === "stop"),
  };
}

const gantry = async () => ({ document: await quickLaunch("launch/pusht-gantry.yaml") });

describe("the policy's node, when observations", () => {
  it("stop, stops under control; when they come back, has fresh chunks again", async () => {
    const { board, ticks, complaint, stopped, fresh, logged } = await acting();
    board.stop();
    await stopped();
    await complaint(/keypoints: nothing usable on \/lab\/block_pose for \d/);
    // Longer than it goes on telling a robot that it is to stand.
    await until(() => Date.now() - stampToMs(board.targets[board.targets.length - 1].header.stamp) > 1500);
    const acted = ticks().length;
    board.run();
    await fresh();
    expect(ticks().length).toBeGreaterThan(acted);
    await logged(/^info: fresh chunks again/);
    await complaint(/^all 2 come in$/);
  });

  it.each<[string, () => Oddity, RegExp]>([
    [
      "are an hour old",
      () => ({ stampMs: Date.now() - 3_600_500 }),
      /stale: 3600\.\d+ s old, 2\.00 s allowed; its sender has another clock/,
    ],
    [
      "are of in ten seconds",
      () => ({ stampMs: Date.now() + 10_000 }),
      /stamped (\d\.\d+|10\.00) s in the future: the clocks .* disagree/,
    ],
  ])("%s, says so once and takes none of them", async (_, oddity, said) => {
    const { board, stopped, complaint, logged, log, fresh } = await acting();
    board.run(oddity);
    await stopped();
    await complaint(said);
    await logged(said);
    expect(log().filter((line) => line.startsWith("warn") && said.test(line))).toHaveLength(2);
    board.run();
    await fresh();
    await logged(/^info: keypoints \(\/lab\/block_pose\): fine again after \d+ messages/);
  });

  it("have headers that nobody filled in, takes them as of their arrival", async () => {
    const { board, ticks, fresh } = await acting();
    const begunAt = Date.now();
    board.run(() => ({ stampMs: null }));
    const acted = ticks().length;
    await until(() => ticks().length > acted + 10);
    await fresh();
    const stampMs = stampToMs(board.targets[board.targets.length - 1].header.stamp);
    expect(stampMs).toBeGreaterThanOrEqual(begunAt);
    expect(stampMs).toBeLessThanOrEqual(Date.now());
  });

  it("are joints in another order among others, takes them by name", async () => {
    const { board, ticks, events, complaint } = await acting(await gantry());
    const joints = () => ({
      header: boardHeader(Date.now()),
      name: ["camera_pan", "gantry_y", "gantry_x"],
      position: [9, 0.301, 0.101],
      velocity: [],
      effort: [],
    });
    board.run(() => ({ joints: joints() }));
    const acted = ticks().length;
    await until(() => ticks().length > acted + 5);
    await complaint(/^all 2 come in$/);
    const seen = events.findLast((event) => event.kind === "observation");
    const [x, y] = [...(seen?.values.slice(-2) ?? [])];
    expect(x).toBeCloseTo(101, 6);
    expect(y).toBeCloseTo(301, 6);
  });

  it.each<[string, object, RegExp]>([
    [
      "lack a joint",
      { name: ["gantry_x"], position: [0.1] },
      /joint "gantry_y" is missing; the message has gantry_x/,
    ],
    [
      "have a joint that is NaN",
      { name: ["gantry_x", "gantry_y"], position: [0.1, Number.NaN] },
      /position of joint "gantry_y" is NaN/,
    ],
    [
      "have too few positions",
      { name: ["gantry_x", "gantry_y"], position: [0.1] },
      /position has 1 values for 2 joint names/,
    ],
  ])("%s, says which and stops under control", async (_, odd, said) => {
    const { board, stopped, complaint, logged, fresh } = await acting(await gantry());
    board.run(() => ({ joints: { header: boardHeader(Date.now()), velocity: [], effort: [], ...odd } }));
    await stopped();
    await complaint(said);
    await logged(said);
    board.run();
    await fresh();
  });

  it("come reliable to none, says which QoS does not fit and what to set", async () => {
    const parameters = { "ros.observations.agent_position.qos.reliability": "reliable" };
    const { node, graph, log } = await nodeBench({ parameters });
    graph.remote("/lab/tracker").publisher("geometry_msgs/msg/PoseStamped", "agent_pose", SENSOR_QOS);
    await node.configure();
    const said =
      /incompatible QoS on \/lab\/agent_pose, policy reliability: \/lab\/tracker publishes on it as best_effort, but this node asks for reliable: nothing is delivered; set ros\.observations\.agent_position\.qos\.reliability: best_effort/;
    await until(() => log().some((line) => line.startsWith("warn") && said.test(line)));
  });
});

describe("the policy's node with a camera", () => {
  /** 6 × 3 grey pixels in the place of nine points: what the network makes of them is of no interest here. */
  async function camera() {
    const policy = await changedBundle({
      manifest: (text) => text.replace("shape: [9, 2]", "shape: [1, 3, 6]"),
    });
    const { ros, ...document } = await quickLaunch();
    const image = { type: "sensor_msgs/msg/Image" as const, topic: "image", encoding: "mono8" as const };
    const observations = { ...ros?.observations, keypoints: image };
    const bench = await nodeBench({
      document: { ...document, policy, ros: { actions: ros?.actions ?? [], observations } },
    });
    const { graph, board } = bench;
    const pictures = graph.remote("/lab/camera").publisher("sensor_msgs/msg/Image", "image", COMMAND_QOS);
    const film = (changes: object = {}) =>
      board.run(() => {
        const header = boardHeader(Date.now());
        const picture = { header, height: 3, width: 6, encoding: "mono8", is_bigendian: 0, step: 6 };
        pictures.publish({ ...picture, data: new Uint8Array(18).fill(99), ...changes });
        return {};
      });
    film();
    await bench.node.configure();
    await bench.node.activate();
    await until(() => bench.ticks().at(-1)?.rung === "fresh");
    return { ...bench, film };
  }

  it("refuses pictures of another size, encoding or length with what it wants, and goes on with the right ones", async () => {
    const { film, ticks, log, diagnostics } = await camera();
    for (const [changes, said] of [
      [{ width: 640, height: 480 }, /the image is 640 × 480 pixels, but the policy wants 6 × 3/],
      [{ encoding: "rgb8" }, /encoding is "rgb8"; mono8 is wanted/],
      [{ data: new Uint8Array(5) }, /data has 5 bytes, but 3 rows of 6 make 18/],
    ] as const) {
      film(changes);
      await until(() => log().some((line) => line.startsWith("warn: keypoints") && said.test(line)));
      await until(() => said.test(diagnostics.at(-1)?.status[2]?.message ?? ""));
    }
    await until(() => ticks().at(-1)?.rung === "stop");
    film();
    await until(() => ticks().at(-1)?.rung === "fresh");
  });
});
