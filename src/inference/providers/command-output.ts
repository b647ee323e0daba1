import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** So long may a system's own tool take. */
const PATIENCE_MS = 10_000;

/** What a command prints; undefined where there is no such command, or it fails. */
export async function commandOutput(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(command, [...args], { timeout: PATIENCE_MS })).stdout;
  } catch {
    return undefined;
  }
}
