import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { finished, parapilot, says, start } from "./process.js";

export interface Run {
  /** Where files are written. */
  readonly folder: string;
  readonly name: string;
  /** A policy's folder; the shipped one unless told. */
  readonly policy?: string;
  /** 1 unless told. */
  readonly threads?: number;
  readonly node?: readonly string[];
  readonly sim?: readonly string[];
}

/** Records a simulator's run of 60 steps, and the file's name. */
export async function record({
  folder,
  name,
  policy = resolve("policies/pusht"),
  threads = 1,
  node: nodeFlags = [],
  sim = [],
}: Run): Promise<string> {
  const file = join(folder, `${name}.mcap`);
  const launch = join(folder, `${name}.yaml`);
  await writeFile(launch, `policy: ${policy}\nruntime: { threads: ${threads} }\n`);
  const node = start("run", launch, "--endpoint", "tcp://127.0.0.1:*", "--record", file, ...nodeFlags);
  const [, endpoint] = await says(node, /pusht at (tcp:\S+)\n[\s\S]*recording to/);
  const played = await parapilot(
    "sim",
    "pusht",
    "--endpoint",
    endpoint,
    "--steps",
    "60",
    "--episodes",
    "1",
    ...sim,
  );
  expect(played).toMatchObject({ code: 0 });
  node.child.kill("SIGTERM");
  expect(await finished(node)).toMatchObject({ code: 0 });
  return file;
}

/** Replays, and reads what that prints as JSON. */
export async function replayed(...args: readonly string[]) {
  const { code, stdout, stderr } = await parapilot("replay", ...args, "--json");
  return { code, stderr, result: stdout === "" ? undefined : JSON.parse(stdout) };
}
