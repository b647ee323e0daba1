import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PolicyClient } from "../../sim/policy-client.js";
import { PushTEnv } from "../../sim/pusht/env.js";
import { resolveBudgets } from "../../src/control/budgets.js";
import { ControlNode } from "../../src/control/node.js";
import { resolvePlanSettings } from "../../src/control/plan-settings.js";
import { InferenceHost } from "../../src/inference/host.js";
import { loadLaunch } from "../../src/launch/launch.js";
import { loadBundle } from "../../src/policy/bundle.js";
import { MonotonicClock } from "../../src/time/monotonic-clock.js";
import { memoryTransport } from "../../src/transport/memory.js";
import { float32 } from "../../src/transport/ndarray.js";
import { connectZeromqClient } from "../../src/transport/zeromq.js";
import { type Running, says, start } from "../cli/process.js";
import { askModule, hasModules, PYTHON, runModule } from "./python.js";

const hasClient = hasModules("zmq", "msgpack", "numpy");
const hasPushT = hasClient && hasModules("gym_pusht");
if (!hasClient) {
  console.warn(
    `skipped: the tests of the Python client need pyzmq, msgpack and numpy for ${PYTHON}; ` +
      "pip install ./clients/python, or name another Python in PARAPILOT_PYTHON",
  );
} else if (!hasPushT) {
  console.warn(`skipped: the tests in gym-pusht need it for ${PYTHON}; pip install gym-pusht "pymunk<7"`);
}

describe.skipIf(!hasClient)("the Python client", () => {
  // Adapters whose world is not installed are skipped over there.
  it.each(["wire", "policy", "node", "rotation", "pusht", "lift"])(
    "passes its tests of %s",
    async (name) => {
      const { code, stderr } = await runModule(["unittest", "-v", `tests.test_${name}`]);
      expect(stderr).toMatch(/^Ran [1-9]\d* tests? in/m);
      expect(stderr).toMatch(/^OK/m);
      expect(code).toBe(0);
    },
    600_000,
  );
});

const EPISODE = 100_000;
const STEPS = 20;

/** What comes back for one observation: rows of the plan, as hexadecimal digits of their bytes. */
type Answers = readonly string[];

interface Shown {
  readonly keypoints: readonly number[][];
  readonly agent_position: readonly number[];
}

describe.skipIf(!hasClient)("the same observations, episode and seed", () => {
  let folder: string;
  let file: string;
  let node: Running;
  let endpoint: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parapilot-python-"));
    file = join(folder, "launch.yaml");
    await writeFile(file, JSON.stringify({ policy: resolve("policies/pusht"), solver: { seed: 3 } }));
    node = start("run", file, "--endpoint", "tcp://127.0.0.1:*");
    [, endpoint] = await says(node, /pusht at (\S+)\n[\s\S]*first solve/);
  });
  afterAll(async () => {
    node?.child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  it("give the same bits in one process, to the TypeScript client and to the Python client", async () => {
    const { shown, answers } = await playLocally(file);
    expect(new Set(answers).size).toBe(STEPS);

    const client = new PolicyClient(connectZeromqClient(endpoint), endpoint);
    const remote: string[] = [];
    for (const [step, observation] of shown.entries()) remote.push(await answerTo(client, step, observation));
    await client.close();
    expect(remote).toEqual(answers);

    const python = await askModule<Answers>("tests.answers", {
      endpoint,
      episode: EPISODE,
      observations: shown,
    });
    expect(python).toEqual(answers);

    const other = await askModule<Answers>("tests.answers", { endpoint, episode: 1, observations: shown });
    expect(other[0]).not.toBe(answers[0]);
  });
});

describe.skipIf(!hasPushT)("gym-pusht", () => {
  it("starts and moves as our simulator does, seed for seed", async () => {
    const seeds = [0, 100_000, 100_017];
    const actions = Array.from({ length: 40 }, (_, k) => [
      256 + 150 * Math.cos(k / 6),
      256 + 150 * Math.sin(k / 6),
    ]);
    const episodes = await askModule<(number | null)[][][]>("tests.pusht_states", { seeds, actions });
    const env = new PushTEnv();
    for (const [k, seed] of seeds.entries()) {
      const { observation } = env.reset({ seed });
      const steps = [{ observation, reward: null }, ...actions.map((action) => env.step(action))];
      for (const [step, ours] of steps.entries()) {
        const { keypoints, agent_position } = ours.observation;
        const expected = [...keypoints, ...agent_position, ours.reward];
        const theirs = episodes[k][step];
        theirs.forEach((value, i) => {
          if (value !== null) expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-6);
        });
      }
    }
  });
});

/** Plays PushT in this process, on the settings of a launch file; what was seen, and what came back. */
async function playLocally(
  launchFile: string,
): Promise<{ readonly shown: readonly Shown[]; readonly answers: Answers }> {
  const launch = await loadLaunch(launchFile);
  const bundle = await loadBundle(launch.policy);
  const plan = resolvePlanSettings(launch.plan, bundle.manifest);
  const budgets = resolveBudgets(launch.budgets, bundle.manifest, plan);
  const host = await InferenceHost.start(bundle, { runtime: launch.runtime, solver: launch.solver });
  const { node: transport, connect } = memoryTransport();
  const clock = new MonotonicClock();
  const local = new ControlNode(transport, host, { clock, budgets, plan });
  local.start();
  const client = new PolicyClient(connect(), "this process");
  const env = new PushTEnv();
  let { observation } = env.reset({ seed: 100_000 });
  const shown: Shown[] = [];
  const answers: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { keypoints, agent_position } = observation;
    const points = Array.from({ length: 9 }, (_, k) => Array.from(keypoints.subarray(2 * k, 2 * k + 2)));
    shown.push({ keypoints: points, agent_position: Array.from(agent_position) });
    const answer = await answerTo(client, step, shown[step]);
    answers.push(answer);
    ({ observation } = env.step(new Float32Array(Uint8Array.from(Buffer.from(answer, "hex")).buffer, 0, 2)));
  }
  await client.close();
  await local.close();
  await clock.close();
  return { shown, answers };
}

async function answerTo(client: PolicyClient, step: number, seen: Shown): Promise<string> {
  const observation = {
    keypoints: float32(seen.keypoints.flat(), [9, 2]),
    agent_position: float32(seen.agent_position),
  };
  const reply = await client.act({ episode: EPISODE, step, observation });
  if (reply.type === "refused") throw new Error(reply.message);
  const { buffer, byteOffset, byteLength } = reply.actions.data;
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
}
