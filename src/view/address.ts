import { isIP } from "node:net";
import { hostname } from "node:os";
import { ConfigurationError } from "../policy/errors.js";

/** Where the live page is served unless told otherwise: this machine only. */
export const DEFAULT_VIEW_ADDRESS = "127.0.0.1:8080";

export interface ListenAddress {
  /** An IP address or a name, without brackets. */
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:port` or a bare port, on this machine only unless `allowRemote`.
 *
 * @throws ConfigurationError naming what was found and the remedy.
 */
export function parseListenAddress(text: string, allowRemote: boolean): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:(?:\[(.+)\]|([^:[\]]+)):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new ConfigurationError(
      `"${text}" is not an address for the live page; use ${DEFAULT_VIEW_ADDRESS}, or port 0 for any free port`,
    );
  }
  const name = bracketed ?? plain ?? "localhost";
  // A name server may say anything about localhost.
  const host = name === "localhost" ? "127.0.0.1" : name;
  if (!allowRemote && !isLoopback(host)) {
    throw new ConfigurationError(
      `serving the live page at ${text} would show this robot to every machine on that network, without a password; ` +
        `use ${DEFAULT_VIEW_ADDRESS} and reach it with \`ssh -L ${port}:127.0.0.1:${port} <this machine>\`, or, if the network ` +
        "is yours alone, allow it: allow_remote: true in the launch file (allowRemote in code)",
    );
  }
  return { host, port };
}

/**
 * Whether a request's Host header names this server. A page on the Internet can have its own name point to 127.0.0.1
 * and read from here as if it were its own site; it cannot do so without its name standing in this header. The port is
 * not compared, so that an ssh tunnel may end at another one.
 */
export function isOwnHost(header: string | undefined, listening: ListenAddress): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d+)?$/.exec(header ?? "") ?? [];
  const name = (bracketed ?? plain ?? "").toLowerCase();
  if (name === "localhost" || name === listening.host.toLowerCase()) return true;
  if (isLoopback(listening.host)) return isLoopback(name);
  const own = hostname().toLowerCase();
  return isIP(name) !== 0 || name === own || name === `${own}.local`;
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
