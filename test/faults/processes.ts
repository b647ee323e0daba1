import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { EpisodeRecord } from "../../src/telemetry/episode-record.js";
import type { Rung } from "../../src/telemetry/loop-event.js";
import type { Summary } from "../../src/telemetry/summary.js";
import { finished, type Running, says, start, startOnFullDisk } from "../cli/process.js";

/** One line of a node's log. */
export interface Entry {
  readonly msg: string;
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly robot?: string;
  readonly episode?: number;
  readonly step?: number;
  readonly rung?: Rung;
  readonly reason?: string;
  readonly state?: "lost" | "ready";
  readonly message?: string;
}

/** What `parapilot sim --json` prints. */
export interface Told extends Summary {
  readonly faults?: {
    readonly observations: Record<string, number>;
    readonly actions: Record<string, number>;
  };
  readonly records: readonly EpisodeRecord[];
}

/** A control node as a process, with its log. */
export interface Node extends Running {
  readonly endpoint: string;
  log(): Promise<readonly Entry[]>;
  /** The first entry from number `from` on that is as wanted, as soon as it is there. */
  logs(wanted: (entry: Entry) => boolean, from?: number): Promise<Entry>;
}

/** Nodes and simulators of one test file: real processes that are gone when the file is done. */
export class Processes {
  readonly #folder: string;
  readonly #running: Running[] = [];
  #nodes = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Processes> {
    return new Processes(await mkdtemp(join(tmpdir(), "parapilot-faults-")));
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /**
   * Starts a node and waits until it serves. Without a solve budget, and with a rule of few levels, so that the speed of
   * the machine decides little.
   */
  node(...args: readonly string[]): Promise<Node> {
    return this.nodeOn({}, ...args);
  }

  /** As {@link node}, with its log elsewhere, or where no file can grow past so many blocks. */
  async nodeOn(
    disk: { readonly log?: string; readonly blocks?: number },
    ...args: readonly string[]
  ): Promise<Node> {
    const name = `node-${this.#nodes++}`;
    const log = disk.log ?? this.path(`${name}.log`);
    const solver = { rule: { name: "ddim", steps: 10 } };
    const runtime = { threads: 1 };
    const launch = { policy: resolve("policies/pusht"), log, runtime, solver, plan: { overlap: "none" } };
    await writeFile(this.path(`${name}.yaml`), JSON.stringify(launch));
    const command = ["run", this.path(`${name}.yaml`), "--endpoint", "tcp://127.0.0.1:*", ...args];
    const running = this.#keep(
      disk.blocks === undefined ? start(...command) : startOnFullDisk(disk.blocks, ...command),
    );
    const [, endpoint] = await says(running, /pusht at (\S+)\n[\s\S]*first solve/);
    const entries = async () => parseLog(await readFile(log, "utf8"));
    const logs = async (wanted: (entry: Entry) => boolean, from = 0) => {
      for (;;) {
        const found = (await entries()).slice(from).find(wanted);
        if (found) return found;
        if (running.child.exitCode !== null) throw new Error(`the node ended:\n${running.output().stderr}`);
        await sleep(20);
      }
    };
    return { ...running, endpoint, log: entries, logs };
  }

  /** Starts a simulator that prints JSON at its end. */
  simulator(endpoint: string, ...args: readonly string[]): Running {
    return this.#keep(start("sim", "pusht", "--json", "--seed", "7", "--endpoint", endpoint, ...args));
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    const alive = this.#running.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    for (const { child } of alive) {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
    this.#running.length = 0;
  }

  async close(): Promise<void> {
    await this.end();
    await rm(this.#folder, { recursive: true });
  }

  #keep(running: Running): Running {
    this.#running.push(running);
    return running;
  }
}

/** Waits until the simulator has come to a step at least, of this episode or a later one. */
export async function atStep(simulator: Running, least: number, ofEpisode = 1): Promise<number> {
  for (;;) {
    const newest = [...simulator.output().stderr.matchAll(/episode (\d+)\/\d+ {2}step (\d+)/g)].at(-1);
    const [episode, step] = newest ? [Number(newest[1]), Number(newest[2])] : [0, -1];
    if (episode > ofEpisode || (episode === ofEpisode && step >= least)) return step;
    if (simulator.child.exitCode !== null) throw new Error(`ended early:\n${simulator.output().stderr}`);
    await sleep(20);
  }
}

/** Down the ladder to a stop, rung by rung, but for those that a node which was held up meanwhile had to skip. */
export function expectDescent(rungs: readonly (Rung | undefined)[]): void {
  const passed = [...new Set(rungs)];
  expect(passed).toEqual(["rest", "hold", "stop"].slice(-passed.length));
}

/** What a simulator tells at its end, which must be a good one. */
export async function told(simulator: Running): Promise<Told> {
  const { code, stdout, stderr } = await finished(simulator);
  if (code !== 0) throw new Error(`parapilot sim ended with code ${code}:\n${stderr}`);
  return JSON.parse(stdout);
}

/** Has a simulator end after the step under way, and tell. */
export function interrupted(simulator: Running): Promise<Told> {
  simulator.child.kill("SIGINT");
  return told(simulator);
}

/** Ends a node as a person does; its exit code. */
export async function stopped(node: Running): Promise<number | null> {
  node.child.kill("SIGTERM");
  return (await finished(node)).code;
}

function parseLog(text: string): Entry[] {
  // The last line may be half written.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
