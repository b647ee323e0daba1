import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RosGraph } from "../../src/ros/graph.js";
import { rosEnvironment } from "../../src/ros/rclnodejs/environment.js";
import { RosSession } from "../../src/ros/rclnodejs/load.js";

const { usable, reason } = rosEnvironment();

/** For `describe.skipIf(isSkipped)(…)`: without a sourced ROS 2 nothing here may import rclnodejs. */
export const isSkipped = !usable;
/** The title of a suite, with the reason when it is skipped. */
export const titled = (title: string) => (usable ? title : `${title} (skipped: ${reason})`);

// One graph per test process: vitest runs two, and other nodes may be about.
const domain = String(1 + (process.pid % 100));
process.env.ROS_DOMAIN_ID = domain;

/** A node in a process of its own: what goes wrong in it may abort it. */
export class NodeUnderTest {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<number | string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface({ input: stream }).on("line", (line) => {
          this.#lines.push(line);
          for (const look of this.#waiting) look();
        });
    void this.#ended.then(() => {
      for (const look of this.#waiting) look();
    });
  }

  /** @param script beside this file, such as `nodes/fragile.js`; it writes `ready` when it is. */
  static async start(
    script: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<NodeUnderTest> {
    const node = NodeUnderTest.spawned(script, args, env);
    await node.line(/^ready/);
    return node;
  }

  /** `parapilot` with these arguments, as it ships. */
  static cli(...args: readonly string[]): NodeUnderTest {
    return NodeUnderTest.spawned("../../src/cli/main.js", args, process.env);
  }

  private static spawned(script: string, args: readonly string[], env: NodeJS.ProcessEnv): NodeUnderTest {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(process.execPath, [file, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    return new NodeUnderTest(child);
  }

  /** Everything that it wrote, its log included. */
  get output(): string {
    return this.#lines.join("\n");
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first line that matches, of those written or to come. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (!this.isAlive) throw new Error(`it ended before it wrote ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => {
        const look = () => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    }
  }

  /** Its exit code, or the signal that killed it, once it ends by itself. */
  get ended(): Promise<number | string> {
    return this.#ended;
  }

  /** Ends it: its exit code, or the signal that killed it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    if (this.isAlive) this.#child.kill(signal);
    return this.#ended;
  }
}

/** The other side: a node in the test's own process, once. */
export async function openClient(): Promise<RosSession> {
  const session = await RosSession.open("tester", []);
  session.spin();
  return session;
}

/** Calls a service once, the way a client of any language would. */
export async function call(graph: RosGraph, type: string, name: string, request: object): Promise<unknown> {
  const client = graph.client(type, name);
  try {
    return await client.call(request, 20_000);
  } finally {
    client.close();
  }
}

/** Resolves when the condition holds, asked every 20 ms; the test's own timeout ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
