import { fork } from "node:child_process";
import type { ProbeReport, ProbeRequest } from "./probe-protocol.js";

const PROBE = new URL("./provider-probe.js", import.meta.url);
const LONGEST_LOG = 1_000_000;

export interface ProbeOptions {
  /** Milliseconds until the process is killed: drivers have been seen to hang instead of failing. */
  readonly patienceMs: number;
  /** The module that answers, for tests of what a driver may do. */
  readonly probe?: URL;
}

/** What a probe said until it ended, was ended by its driver, or was killed. */
export interface ProbeOutcome {
  readonly reports: readonly ProbeReport[];
  readonly stderr: string;
  /** Why there are no further reports; undefined when it ended by itself. */
  readonly ending: string | undefined;
}

/** Tries a provider in a process of its own: a driver that crashes or hangs must not take this one along. */
export function runProbe(
  request: ProbeRequest,
  { patienceMs, probe = PROBE }: ProbeOptions,
): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    // Without the flags of this process: an inspector's port is taken.
    const child = fork(probe, [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
      execArgv: [],
    });
    const reports: ProbeReport[] = [];
    let stderr = "";
    let ending: string | undefined;
    child.stderr?.on("data", (data) => {
      if (stderr.length < LONGEST_LOG) stderr += data;
    });
    const late = setTimeout(() => {
      ending = `it did not answer within ${patienceMs / 1000} s`;
      child.kill("SIGKILL");
    }, patienceMs);
    const settle = (otherwise: string | undefined) => {
      clearTimeout(late);
      resolve({ reports, stderr, ending: ending ?? otherwise });
    };
    child.on("message", (report: ProbeReport) => reports.push(report));
    child.on("error", (error) => settle(`no process could be started to try it: ${error.message}`));
    child.on("close", (code, signal) =>
      settle(code === 0 ? undefined : `it ended the process with ${signal ?? `code ${code}`}`),
    );
    child.send(request, (error) => {
      if (error) ending ??= `the process that tries it could not be asked: ${error.message}`;
    });
  });
}
