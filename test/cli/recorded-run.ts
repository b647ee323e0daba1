import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { playEpisode } from "../../sim/play.js";
import { PolicyClient } from "../../sim/policy-client.js";
import { playablePushT } from "../../sim/pusht/playable.js";
import { MonotonicClock } from "../../src/time/monotonic-clock.js";
import type { ClientTransport } from "../../src/transport/transport.js";
import { connectZeromqClient } from "../../src/transport/zeromq.js";
import { finished, parapilot, says, start } from "./process.js";

const STEPS = 60;

export interface Run {
  /** Where files are written. */
  readonly folder: string;
  readonly name: string;
  /** A policy's folder; the shipped one unless told. */
  readonly policy?: string;
  /** 1 unless told. */
  readonly threads?: number;
  readonly node?: readonly string[];
  /** Lock-step unless told. */
  readonly isRealTime?: boolean;
}

/** Records a run of 60 steps, and the file's name. */
export async function record({
  folder,
  name,
  policy = resolve("policies/pusht"),
  threads = 1,
  node: nodeFlags = [],
  isRealTime = false,
}: Run): Promise<string> {
  const file = join(folder, `${name}.mcap`);
  const launch = join(folder, `${name}.yaml`);
  await writeFile(launch, `policy: ${policy}\nruntime: { threads: ${threads} }\n`);
  const node = start("run", launch, "--endpoint", "tcp://127.0.0.1:*", "--record", file, ...nodeFlags);
  const [, endpoint] = await says(node, /pusht at (tcp:\S+)\n[\s\S]*recording to/);
  await play(endpoint, isRealTime);
  node.child.kill("SIGTERM");
  expect(await finished(node)).toMatchObject({ code: 0 });
  return file;
}

async function play(endpoint: string, isRealTime: boolean): Promise<void> {
  const clock = new MonotonicClock();
  const client = new PolicyClient(askingOnce(connectZeromqClient(endpoint)), endpoint);
  try {
    const policy = await client.describe();
    const pace = isRealTime ? clock : "lock-step";
    const options = { seed: 100_000, episode: 1, policy, pace, maxSteps: STEPS } as const;
    const { actions } = await playEpisode(playablePushT(), client, options);
    expect(actions).toHaveLength(STEPS);
  } finally {
    await client.close();
    await clock.close();
  }
}

/** A step that is asked again, as of a node that is slow for a moment, is one more action in the recording. */
function askingOnce(transport: ClientTransport): ClientTransport {
  let asked = -1;
  return {
    dropped: 0,
    listen: (handler) => transport.listen(handler),
    close: () => transport.close(),
    send: (message) => {
      if (message.type === "observation" && message.reply === "once") {
        if (message.step === asked) return;
        asked = message.step;
      }
      transport.send(message);
    },
  };
}

/** Replays, and reads what that prints as JSON. */
export async function replayed(...args: readonly string[]) {
  const { code, stdout, stderr } = await parapilot("replay", ...args, "--json");
  return { code, stderr, result: stdout === "" ? undefined : JSON.parse(stdout) };
}
