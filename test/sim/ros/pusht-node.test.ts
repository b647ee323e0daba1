import { describe, expect, it } from "vitest";
import { PushTEnv } from "../../../sim/pusht/env.js";
import type { RosEpisode } from "../../../sim/ros/episode.js";
import { summariseRos } from "../../../sim/ros/summary.js";
import { COMMAND_QOS, LATCHED_QOS, SENSOR_QOS } from "../../../src/ros/qos.js";
import { msToStamp, stampToMs } from "../../../src/ros/stamp.js";
import { PERIOD, type Pose, play, START, settled } from "./player.js";

/** The start of seed 7, in metres. */
function start(seed = 7) {
  const env = new PushTEnv();
  env.reset({ seed });
  return env.state().map((value, k) => (k < 4 ? value / 1000 : value));
}

const xy = ({ pose: { position } }: Pose) => [position.x, position.y];

describe("PushT on a graph", () => {
  it("shows agent, block and joints in metres on the board, stamped with the ROS time of the beat", async () => {
    const { seen, begin } = play();
    await begin();
    const [agentX, agentY, blockX, blockY, angle] = start();
    const [agent] = seen.agent;
    const [block] = seen.block;
    const [joints] = seen.joints;
    expect(agent.header.frame_id).toBe("board");
    expect(xy(agent)).toEqual([agentX, agentY]);
    expect(agent.pose.orientation).toEqual({ x: 0, y: 0, z: 0, w: 1 });
    expect(xy(block)).toEqual([blockX, blockY]);
    const { z, w } = block.pose.orientation;
    expect(Math.hypot(z, w)).toBeCloseTo(1, 12);
    expect((2 * Math.atan2(z, w) + 2 * Math.PI) % (2 * Math.PI)).toBeCloseTo(angle, 12);
    expect(joints.name).toEqual(["gantry_x", "gantry_y"]);
    expect(joints.position).toEqual([agentX, agentY]);
    expect(joints.velocity).toEqual([0, 0]);
    for (const { header } of [agent, block, joints]) expect(header.stamp).toEqual(agent.header.stamp);
  });

  it("beats once per control period, the first time at the time of its start", async () => {
    const { seen, begin, pass } = play();
    await begin();
    await pass(10 * PERIOD);
    const stamps = seen.agent.map(({ header }) => stampToMs(header.stamp));
    stamps.slice(1).forEach((stamp, k) => {
      expect(stamp - stamps[k]).toBeCloseTo(PERIOD, 6);
    });
    expect(stamps.length).toBe(11);
    expect(stamps[0]).toBe(START);
  });

  it("stamps what it sees with the beat's moment, however late the beat is", async () => {
    const { clock, seen, begin } = play();
    await begin();
    const before = seen.agent.length;
    clock.stall(70);
    clock.advance(0);
    expect(seen.agent.length).toBe(before + 1);
    const [last, next] = seen.agent.slice(-2).map(({ header }) => stampToMs(header.stamp));
    expect(next - last).toBeCloseTo(PERIOD, 6);
  });

  it("stands until it is driven, and then goes where it was told last", async () => {
    const { seen, begin, pass, aim } = play();
    const [agentX, agentY] = start();
    await begin();
    await pass(20 * PERIOD);
    expect(xy(seen.agent[seen.agent.length - 1])).toEqual([agentX, agentY]);
    aim(0.1, 0.1);
    aim(agentX + 0.02, agentY);
    await pass(20 * PERIOD);
    const [x, y] = xy(seen.agent[seen.agent.length - 1]);
    expect(x).toBeCloseTo(agentX + 0.02, 4);
    expect(y).toBeCloseTo(agentY, 9);
  });

  it("reports the velocity of its joints", async () => {
    const { seen, begin, pass, aim } = play();
    await begin();
    aim(0.256, 0.256);
    await pass(PERIOD);
    const env = new PushTEnv();
    env.reset({ seed: 7 });
    env.step([256, 256]);
    expect(seen.joints[seen.joints.length - 1].velocity).toEqual(env.agentVelocity().map((v) => v / 1000));
    expect(Math.hypot(...env.agentVelocity())).toBeGreaterThan(10);
  });

  it("plays an episode as the same actions play it in the environment, bit for bit", async () => {
    const { world, seen, begin, pass, aim } = play({ episodes: 1 });
    const targets = Array.from({ length: 300 }, (_, k) => {
      const [, , blockX, blockY] = start();
      return [blockX + 0.12 * Math.cos(k / 11), blockY + 0.12 * Math.sin(k / 7)] as const;
    });
    await begin();
    const shown = () => seen.agent.length;
    for (const [x, y] of targets) {
      aim(x, y, seen.agent[shown() - 1].header.stamp);
      await pass(PERIOD, PERIOD);
    }
    const [record] = await world.done;
    const env = new PushTEnv();
    env.reset({ seed: 7 });
    const progress: number[] = [];
    targets.forEach(([x, y], k) => {
      progress.push(env.step([x * 1000, y * 1000]).info.progress);
      const [agentX, agentY, blockX, blockY, angle] = env.state();
      expect(xy(seen.agent[k + 1])).toEqual([agentX / 1000, agentY / 1000]);
      expect(xy(seen.block[k + 1])).toEqual([blockX / 1000, blockY / 1000]);
      expect(seen.block[k + 1].pose.orientation.z).toBe(Math.sin(angle / 2));
    });
    expect(record.progress).toEqual(progress);
    expect(record.actions).toEqual(targets.map(([x, y]) => [x * 1000, y * 1000]));
    expect(record).toMatchObject({ finished: true, silentSteps: 0, heldSteps: 0, seed: 7 });
    expect(xy(seen.block[300])).not.toEqual(xy(seen.block[0]));
  });

  it("shows the transforms of agent, block and goal, and its score", async () => {
    const { graph, begin, pass, aim } = play();
    const watcher = graph.remote("/lab/watcher");
    const moving: unknown[] = [];
    const still: unknown[] = [];
    const scores: number[] = [];
    watcher.subscription("tf2_msgs/msg/TFMessage", "/tf", COMMAND_QOS, (message) => moving.push(message));
    watcher.subscription("std_msgs/msg/Float32", "/lab/pusht/score", COMMAND_QOS, (message) =>
      scores.push((message as { data: number }).data),
    );
    await begin();
    await pass(2 * PERIOD);
    watcher.subscription("tf2_msgs/msg/TFMessage", "/tf_static", LATCHED_QOS, (message) =>
      still.push(message),
    );
    expect(moving[0]).toMatchObject({
      transforms: [
        { header: { frame_id: "board" }, child_frame_id: "agent" },
        { header: { frame_id: "board" }, child_frame_id: "block" },
      ],
    });
    expect(still).toMatchObject([
      {
        transforms: [
          {
            child_frame_id: "goal",
            transform: {
              translation: { x: 0.256, y: 0.256, z: 0 },
              rotation: { z: Math.sin(Math.PI / 8), w: Math.cos(Math.PI / 8) },
            },
          },
        ],
      },
    ]);
    aim(0.25, 0.25);
    await pass(PERIOD);
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
  });

  it("shows itself to reliable and best-effort subscriptions", async () => {
    const { graph, begin, pass } = play();
    const heard = { reliable: 0, best_effort: 0 };
    for (const qos of [COMMAND_QOS, SENSOR_QOS]) {
      graph.remote("/lab/viewer").subscription("sensor_msgs/msg/JointState", "joint_states", qos, () => {
        heard[qos.reliability] += 1;
      });
    }
    await begin();
    await pass(2 * PERIOD);
    expect(heard.reliable).toBeGreaterThan(0);
    expect(heard.best_effort).toBe(heard.reliable);
  });

  it("draws pictures of 96 by 96 pixels, only while somebody looks", async () => {
    const { graph, begin, pass } = play();
    await begin();
    await pass(2 * PERIOD);
    const picture = new Promise<{ data: Uint8Array; step: number; encoding: string }>((resolve) => {
      graph.remote("/lab/viewer").subscription("sensor_msgs/msg/Image", "image", SENSOR_QOS, (message) => {
        resolve(message as { data: Uint8Array; step: number; encoding: string });
      });
    });
    await pass(2 * PERIOD);
    const { data, step, encoding } = await picture;
    expect({ length: data.length, step, encoding }).toEqual({
      length: 96 * 96 * 3,
      step: 288,
      encoding: "rgb8",
    });
    const [agentX, agentY] = start();
    const at = 3 * (Math.round((agentY * 1000 * 96) / 512) * 96 + Math.round((agentX * 1000 * 96) / 512));
    expect(data[at + 2]).toBeGreaterThan(200); // the agent is blue
    expect(data[at]).toBeLessThan(130);
  });
});

describe("commands that cannot be executed", () => {
  const still = async (command: (player: ReturnType<typeof play>) => void, reason: RegExp) => {
    const player = play();
    const { seen, begin, pass, warnings } = player;
    await begin();
    command(player);
    command(player);
    await pass(5 * PERIOD);
    expect(warnings()).toEqual([expect.stringMatching(reason)]);
    expect(xy(seen.agent[seen.agent.length - 1])).toEqual(start().slice(0, 2));
    expect(seen.agent.length).toBeGreaterThan(4);
  };

  it("are refused with a reason, once, and the world goes on: not a number", () =>
    still(({ aim }) => aim(Number.NaN, 0.2), /\(NaN, 0\.2\); both must be finite/));

  it("infinite", () => still(({ aim }) => aim(0.2, Number.POSITIVE_INFINITY), /Infinity/));

  it("in another frame", () =>
    still(({ aim }) => aim(0.2, 0.2, { sec: 0, nanosec: 0 }, "map"), /frame "map"; give it in "board"/));

  it("for other joints", () =>
    still(
      ({ send }) => send({ joint_names: ["gantry_x", "elbow"], points: [] }),
      /joints \[gantry_x, elbow\]; give gantry_x and gantry_y/,
    ));

  it("for one joint only", () =>
    still(({ send }) => send({ joint_names: ["gantry_x"], points: [] }), /give gantry_x/));
});

describe("the end of an episode", () => {
  it("comes after 300 steps; the next has the next seed", async () => {
    const records: RosEpisode[] = [];
    const { seen, begin, pass, aim } = play({ onEpisode: (record) => records.push(record) });
    await begin();
    aim(0.02, 0.02);
    await pass(301 * PERIOD, PERIOD);
    expect(records).toMatchObject([
      { episode: 1, seed: 7, finished: true, silentSteps: 299, heldSteps: 299 },
    ]);
    expect(records[0].progress.length).toBe(300);
    await pass(2 * PERIOD, PERIOD);
    expect(xy(seen.agent[seen.agent.length - 1])).toEqual(start(8).slice(0, 2));
  });

  it("makes the policy forget its plan before the next one is shown", async () => {
    const { policy, seen, begin, pass, aim } = play({ policyReset: "policy/reset" });
    const shownAtReset: number[] = [];
    let answer = (_: object) => {};
    policy.service("std_srvs/srv/Trigger", "policy/reset", () => {
      shownAtReset.push(seen.agent.length);
      return new Promise<object>((resolve) => {
        answer = resolve;
      });
    });
    await begin();
    await pass(3 * PERIOD);
    expect(shownAtReset).toEqual([0]);
    expect(seen.agent).toEqual([]);
    answer({ success: true, message: "" });
    await pass(2 * PERIOD);
    expect(seen.agent.length).toBeGreaterThan(0);
    aim(0.3, 0.3);
    await pass(PERIOD);
    const client = policy.client("std_srvs/srv/Trigger", "pusht/reset");
    expect(await client.call({}, 1000)).toEqual({
      success: true,
      message: expect.stringMatching(/^episode 1 \(seed 7\): score \d\.\d{3}, after 1 steps$/),
    });
    const shown = seen.agent.length;
    await pass(3 * PERIOD);
    expect(seen.agent.length).toBe(shown);
    answer({ success: true, message: "" });
    await pass(2 * PERIOD);
    expect(xy(seen.agent[shown])).toEqual(start(8).slice(0, 2));
  });

  it("goes on without a policy to reset, and says so", async () => {
    const { policy, seen, begin, pass, aim, warnings } = play({ policyReset: "policy/reset" });
    await begin();
    await pass(2 * PERIOD);
    expect(warnings()).toEqual([]);
    aim(0.3, 0.3);
    await pass(2 * PERIOD);
    await policy.client("std_srvs/srv/Trigger", "pusht/reset").call({}, 1000);
    await pass(2 * PERIOD);
    expect(warnings()).toEqual([expect.stringMatching(/no policy was reset \(service \/lab\/policy\/reset/)]);
    expect(seen.agent.length).toBeGreaterThan(0);
  });

  it("leaves commands for the episode before unexecuted", async () => {
    const { policy, seen, begin, pass, aim } = play();
    await begin();
    aim(0.3, 0.3, seen.agent[0].header.stamp);
    await pass(PERIOD);
    await policy.client("std_srvs/srv/Trigger", "pusht/reset").call({}, 1000);
    await pass(2 * PERIOD);
    aim(0.3, 0.3, seen.agent[0].header.stamp);
    await pass(3 * PERIOD);
    expect(xy(seen.agent[seen.agent.length - 1])).toEqual(start(8).slice(0, 2));
    aim(0.3, 0.3, seen.agent[seen.agent.length - 1].header.stamp);
    await pass(PERIOD);
    expect(xy(seen.agent[seen.agent.length - 1])).not.toEqual(start(8).slice(0, 2));
  });

  it("comes with the node's; what was played until then is told", async () => {
    const { world, begin, pass, aim } = play();
    await begin();
    aim(0.3, 0.3);
    await pass(2 * PERIOD);
    world.close();
    expect(await world.done).toMatchObject([{ episode: 1, finished: false, progress: { length: 2 } }]);
  });
});

describe("what is written down", () => {
  it("how long the first command of a period took, how old each was, and the periods without one", async () => {
    const { world, seen, begin, pass, aim } = play();
    await begin();
    const stamp = () => seen.agent[seen.agent.length - 1].header.stamp;
    aim(0.3, 0.3, stamp());
    await pass(20);
    aim(0.3, 0.3);
    aim(0.3, 0.3, stamp());
    await pass(PERIOD);
    await pass(PERIOD);
    aim(0.3, 0.3, msToStamp(stampToMs(stamp()) - PERIOD));
    await pass(PERIOD);
    world.close();
    const records = await world.done;
    const [{ roundTripsMs, agesMs, incidents }] = records;
    expect(incidents).toEqual([
      { step: 1, what: expect.stringMatching(/^silence, holding: no action came/) },
      { step: 2, what: "commands come again after silence, holding" },
    ]);
    expect(roundTripsMs).toEqual([50, 70]);
    expect(agesMs.map((age) => Math.round(age))).toEqual([50, 70, 170]);
    expect(summariseRos(records)).toMatchObject({
      ...{ steps: 3, silent_steps: 1, held_steps: 1, refused_commands: 0 },
      step_round_trip_ms: { mean: 60, p50: 50, p90: 70, p99: 70, max: 70 },
    });
  });
});

describe("a policy that answers at once", () => {
  it("drives the world from within what it is shown", async () => {
    const { policy, world, begin, pass, aim } = play();
    policy.subscription("geometry_msgs/msg/PoseStamped", "agent_pose", COMMAND_QOS, (message) => {
      const [x, y] = xy(message as Pose);
      aim(x + 0.01, y, (message as Pose).header.stamp);
    });
    await begin();
    await pass(11 * PERIOD);
    world.close();
    const [record] = await world.done;
    expect(record.silentSteps).toBe(0);
    expect(record.roundTripsMs.every((ms) => ms === 0)).toBe(true);
    await settled();
  });
});
