import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Router } from "zeromq";
import { TransportError } from "./transport.js";

/** Where a node listens unless told otherwise: this machine only. */
export const DEFAULT_ENDPOINT = "tcp://127.0.0.1:5571";

const REMEDY = `use ${DEFAULT_ENDPOINT} or ipc:///tmp/parapilot.sock`;
// ZeroMQ releases an address a moment after its socket is closed, so a node that restarts may meet itself.
const RELEASE_MS = 500;
const IPC = "ipc://";
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

/**
 * Checks an endpoint that a node is to bind: `tcp://host:port` (`*` for any free port) or `ipc://path`, and on this
 * machine only unless `allowRemote`. Throws {@link TransportError} otherwise.
 */
export function checkBindEndpoint(endpoint: string, allowRemote: boolean): void {
  if (endpoint.startsWith(IPC) && endpoint.length > IPC.length) return;
  const [, host, port] = /^tcp:\/\/(.+):(\*|\d+)$/.exec(endpoint) ?? [];
  // ZeroMQ itself would take 99999 modulo 65536.
  if (host === undefined || Number(port) > 65_535) {
    throw new TransportError(`"${endpoint}" is not an endpoint to bind; ${REMEDY}`);
  }
  if (!allowRemote && !LOOPBACK.test(host)) {
    throw new TransportError(
      `binding ${endpoint} would let every machine on that network command this robot, without a password; ` +
        `${REMEDY}, or, if the network is yours alone, set allow_remote: true in the launch file (allowRemote in code)`,
    );
  }
}

/**
 * Binds a socket. Throws {@link TransportError} when that cannot be done, in particular when the endpoint stays in use.
 */
export async function bindEndpoint(socket: Router, endpoint: string): Promise<void> {
  const giveUp = performance.now() + RELEASE_MS;
  for (;;) {
    // Before the attempt: a process that was held up tries once more.
    const isLast = performance.now() > giveUp;
    if (await bindIfFree(socket, endpoint)) return;
    if (isLast) {
      throw new TransportError(
        `${endpoint} is already in use, probably by another parapilot node; stop that one, or choose another endpoint`,
      );
    }
    await sleep(10);
  }
}

async function bindIfFree(socket: Router, endpoint: string): Promise<boolean> {
  if (await isIpcInUse(endpoint)) return false;
  try {
    await socket.bind(endpoint);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw bindError(endpoint, cause as NodeJS.ErrnoException);
  }
}

/** ZeroMQ binds over an `ipc://` path that another node listens at, and leaves that node up but deaf: so ask first. */
function isIpcInUse(endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (!endpoint.startsWith(IPC)) return resolve(false);
    const probe = connect(endpoint.slice(IPC.length));
    // A node that is so busy that connections queue up before it refuses further ones.
    probe.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EAGAIN"));
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
  });
}

function bindError(endpoint: string, cause: NodeJS.ErrnoException): TransportError {
  const remedy: Record<string, string> = {
    EADDRNOTAVAIL: "this machine has no such address; see `ip address`",
    EACCES: "not permitted; use a port above 1023, or a folder that is yours",
    ENOENT: "its folder does not exist; create it",
    ENAMETOOLONG: "the path is too long for a socket; use one under 100 characters",
  };
  const why = remedy[cause.code ?? ""] ?? cause.message;
  return new TransportError(`cannot bind ${endpoint}: ${why}`, { cause });
}
