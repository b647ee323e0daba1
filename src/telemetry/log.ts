import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import pino, { type Logger } from "pino";
import { ConfigurationError } from "../policy/errors.js";

export type { Logger };

/**
 * A log that writes one JSON object per line to a file, from a thread of its own: a slow disk must not hold up an
 * action. The file's folder is made if need be.
 *
 * @param trouble told once, when writing fails later on; the node goes on without its log.
 * @throws ConfigurationError when the file cannot be opened.
 * @example
 * const log = await openLog("out/node.log", console.error);
 * log.info({ peer: "arm" }, "joined");
 */
export async function openLog(file: string, trouble: (text: string) => void): Promise<Logger> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await appendFile(file, "");
  } catch (error) {
    throw new ConfigurationError(`cannot write the log ${file}: ${(error as Error).message}`);
  }
  const stream = pino.transport({ target: "pino/file", options: { destination: file } });
  let isStopped = false;
  stream.on("error", (error: Error) => {
    // The end of its thread, for that reason, is another error.
    if (!isStopped) trouble(`the log ${file} has stopped: ${error.message}. The robot goes on without it`);
    isStopped = true;
  });
  return pino({}, stream);
}

export function silentLog(): Logger {
  return pino({ enabled: false });
}
