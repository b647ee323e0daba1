import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export const MAIN = "dist/src/cli/main.js";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
export async function parapilot(...args: readonly string[]): Promise<Finished> {
  return finished(start(...args));
}

export interface Running {
  readonly child: ChildProcess;
  output(): { readonly stdout: string; readonly stderr: string };
}

export function start(...args: readonly string[]): Running {
  return run(process.execPath, MAIN, ...args);
}

/** As {@link start}, where no file can grow past so many blocks of 512 bytes (1 KiB in some shells). */
export function startOnFullDisk(blocks: number, ...args: readonly string[]): Running {
  const script = `ulimit -f ${blocks} && exec "$0" "$@"`;
  return run("sh", "-c", script, process.execPath, MAIN, ...args);
}

function run(command: string, ...args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data) => {
    text.stdout += data;
  });
  child.stderr?.on("data", (data) => {
    text.stderr += data;
  });
  return { child, output: () => text };
}

export async function finished({ child, output }: Running): Promise<Finished> {
  // It may be over while what it said last is still in the pipes.
  const isOver = child.exitCode !== null || child.signalCode !== null;
  const isRead = [child.stdout, child.stderr].every((stream) => stream?.closed ?? true);
  if (!isOver || !isRead) await once(child, "close");
  return { code: child.exitCode, ...output() };
}

/** Resolves once standard error matches; rejects when the process ends before. */
export async function says({ child, output }: Running, pattern: RegExp): Promise<RegExpMatchArray> {
  for (;;) {
    const found = output().stderr.match(pattern);
    if (found) return found;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`ended without saying ${pattern}:\n${output().stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
