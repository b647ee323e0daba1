import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a child process ended. */
export interface Ending {
  readonly name: string;
  readonly code: number | null;
  /** In words. */
  readonly how: string;
}

/** Another `parapilot` process. */
export interface Child {
  readonly process: ChildProcess;
  /** Never rejects. */
  readonly ended: Promise<Ending>;
}

/** Starts `parapilot` with these arguments. */
export function startParapilot(args: readonly string[], stdout: "inherit" | "pipe" = "inherit"): Child {
  const main = fileURLToPath(new URL("./main.js", import.meta.url));
  const process_ = spawn(process.execPath, [main, ...args], { stdio: ["ignore", stdout, "inherit"] });
  const name = args[0];
  // Not its exit: what it printed last may still be on its way.
  const ended = once(process_, "close").then(
    ([code, signal]) => ({ name, code, how: signal ? `by ${signal}` : `with code ${code}` }),
    (error: Error) => ({ name, code: null, how: `because ${error.message}` }),
  );
  return { process: process_, ended };
}

/** An endpoint for processes of this machine that nobody else uses. */
export async function privateEndpoint(): Promise<string> {
  return `ipc://${join(await mkdtemp(join(tmpdir(), "parapilot-")), "node")}`;
}
