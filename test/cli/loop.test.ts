import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Dealer } from "zeromq";
import { PolicyClient } from "../../sim/policy-client.js";
import { float32 } from "../../src/transport/ndarray.js";
import { connectZeromqClient } from "../../src/transport/zeromq.js";
import { finished, type Running, says, start } from "./process.js";

const observation = {
  keypoints: float32(
    Array.from({ length: 18 }, (_, k) => 200 + 5 * k),
    [9, 2],
  ),
  agent_position: float32([100, 400]),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parapilot-"));
  // Without a budget, so that the speed of this machine decides nothing.
  await writeFile(
    join(folder, "launch.yaml"),
    `policy: ${resolve("policies/pusht")}\nruntime: { threads: 1 }\n`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function runNode(): Promise<[node: Running, endpoint: string]> {
  const node = start("run", join(folder, "launch.yaml"), "--endpoint", "tcp://127.0.0.1:*");
  const [, endpoint] = await says(node, /pusht at (tcp:\S+)\n[\s\S]*first solve/);
  return [node, endpoint];
}

describe("control node and simulator as processes over ZeroMQ", () => {
  let node: Running;
  async function startNode(): Promise<string> {
    let endpoint: string;
    [node, endpoint] = await runNode();
    return endpoint;
  }
  afterEach(() => node?.child.kill("SIGKILL"));

  it("plays an episode in lock-step and prints one JSON object", async () => {
    const endpoint = await startNode();
    const { code, stdout } = await finished(
      start("sim", "pusht", "--episodes", "1", "--seed", "100002", "--json", "--endpoint", endpoint),
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.records).toHaveLength(1);
    expect(result).toMatchObject({ silent_steps: 0, held_steps: 0, deadline_misses: 0 });
    expect(result.ladder.fresh).toBe(result.steps);
    expect(result.records[0].progress.length).toBeGreaterThan(10);
    expect(result.sweeps.mean).toBeLessThan(20);
    node.child.kill("SIGTERM");
    expect((await finished(node)).code).toBe(0);
  });

  it("goes on after garbage, after NaN and after a client that vanished in mid-solve", async () => {
    const endpoint = await startNode();

    const hostile = new Dealer({ linger: 0, receiveTimeout: 20_000 });
    hostile.connect(endpoint);
    await hostile.send(Buffer.from([0xc1, 0xff, 0x00]));
    expect(Buffer.concat(await hostile.receive()).toString("latin1")).toContain("malformed");
    hostile.close();

    const confused = new PolicyClient(connectZeromqClient(endpoint), endpoint);
    const agent_position = float32([Number.NaN, 400]);
    const refusal = await confused.act({
      episode: 0,
      step: 0,
      observation: { ...observation, agent_position },
    });
    expect(refusal).toMatchObject({ type: "refused", reason: "invalid-observation" });
    expect(refusal).toHaveProperty("message", expect.stringContaining('"agent_position"[0] is NaN'));

    const vanishing = new PolicyClient(connectZeromqClient(endpoint), endpoint);
    await vanishing.describe();
    vanishing.act({ episode: 0, step: 0, observation }).catch(() => {});
    await vanishing.close();

    const reply = await confused.act({ episode: 0, step: 1, observation });
    expect(reply.type).toBe("action");
    await confused.close();
    expect(node.child.exitCode).toBeNull();
    node.child.kill("SIGINT");
    expect((await finished(node)).code).toBe(0);
  });
});

describe("a simulator whose node dies in mid-episode", () => {
  /** More episodes than anybody waits for; a node may itself be silent for 2 s on a busy machine. */
  async function playing(endpoint: string): Promise<Running> {
    for (;;) {
      const simulator = start("sim", "pusht", "--episodes", "999", "--patience", "2", "--endpoint", endpoint);
      const begun = await says(simulator, /episode 1\/999 {2}step/).catch(() => undefined);
      if (begun) return simulator;
    }
  }

  it("ends with an error that names the endpoint", async () => {
    const [node, endpoint] = await runNode();
    const simulator = await playing(endpoint);
    node.child.kill("SIGKILL");
    const { code, stderr } = await finished(simulator);
    expect(code).toBe(1);
    expect(stderr).toContain(`the node at ${endpoint} did not answer`);
  });
});
