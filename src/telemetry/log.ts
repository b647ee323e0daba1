import pino, { type Logger } from "pino";

export type { Logger };

/**
 * A log that writes one JSON object per line to a file, from a thread of its own: a slow disk must not hold up an
 * action. The file's folder is made if need be.
 *
 * @example
 * const log = openLog("out/node.log");
 * log.info({ peer: "arm" }, "joined");
 */
export function openLog(file: string): Logger {
  return pino({}, pino.transport({ target: "pino/file", options: { destination: file, mkdir: true } }));
}

export function silentLog(): Logger {
  return pino({ enabled: false });
}
