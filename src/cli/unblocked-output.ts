import pino from "pino";

/** Bytes that may wait for a reader; what is said after that is lost. */
const MOST_WAITING = 1 << 16;

/**
 * An output for a process that must not wait for its reader. Node writes to terminals and pipes synchronously: one that
 * is stopped, as by Ctrl-S, would stop a control loop with it. What it does not take in time is dropped.
 *
 * @example
 * const write = unblockedOutput(2);
 * write("the robot is on its own\n");
 */
export function unblockedOutput(fd: number): (text: string) => void {
  const stream = pino.destination({ dest: fd, sync: false, minLength: 0, maxLength: MOST_WAITING });
  // A reader that has gone away is no reason to stop.
  stream.on("error", () => {});
  return (text) => void stream.write(text);
}
