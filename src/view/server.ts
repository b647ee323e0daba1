import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigurationError } from "../policy/errors.js";
import type { Manifest } from "../policy/manifest.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { Metrics } from "../telemetry/metrics.js";
import { DEFAULT_VIEW_ADDRESS, isOwnHost, type ListenAddress, parseListenAddress } from "./address.js";
import { Broadcast } from "./broadcast.js";
import { describeView, type RunDescription } from "./describe.js";
import { EventStream } from "./event-stream.js";
import { refuse, reply } from "./http-reply.js";
import { LiveState } from "./live-state.js";
import { renderLivePage } from "./page.js";

const MOST_CLIENTS = 8;
/** Streams, and a few connections for everything else. */
const MOST_CONNECTIONS = 4 * MOST_CLIENTS;

export interface ViewOptions {
  /** `host:port`, `[::1]:port` or a port; {@link DEFAULT_VIEW_ADDRESS} unless told. Port 0 takes any free one. */
  readonly address?: string;
  readonly manifest: Manifest;
  readonly run?: RunDescription;
  /** Serve other machines too: whoever reaches the address sees the robot. Nobody can command it here. */
  readonly allowRemote?: boolean;
}

/**
 * Shows a control node to people and programs on HTTP, and cannot change anything in it:
 *
 * - `/` the live page, one self-contained document;
 * - `/events` its Server-Sent Events: `hello` with all there is, then at most 30 messages a second;
 * - `/events?all=1` every {@link LoopEvent} as JSON, one message each, `null` for NaN and infinities; named messages
 *   beside them: `hello` (the description) once, and `dropped` (how many) after a gap;
 * - `/metrics` for Prometheus;
 * - `/healthz` 200, or 503 while the inference worker is lost.
 *
 * Nothing here blocks or throws into the loop: a client that reads too slowly loses messages, and they are counted. At
 * most 8 clients stream at once. Events and their arrays are kept by reference, so they must not change afterwards.
 *
 * @example
 * const view = await ViewServer.open({ address: "127.0.0.1:8080", manifest: bundle.manifest });
 * console.log(`watch it at ${view.address}`); // http://127.0.0.1:8080
 * view.watch(event); // each event of the loop
 * await view.close();
 */
export class ViewServer {
  readonly metrics = new Metrics();
  readonly #state = new LiveState();
  readonly #broadcast = new Broadcast(this.#state, {
    dropped: () => this.#countDrop(),
    failed: (error) => this.#fail(error),
  });
  readonly #page = renderLivePage();
  readonly #server: Server;
  readonly #listening: ListenAddress;
  readonly #description;
  #dropped = 0;
  #fault: string | undefined;

  private constructor(server: Server, listening: ListenAddress, options: ViewOptions) {
    this.#server = server;
    this.#listening = listening;
    this.#description = describeView(options.manifest, options.run);
    server.on("request", (request, response) => {
      try {
        this.#answer(request, response);
      } catch (error) {
        this.#fail(error as Error);
        response.destroy();
      }
    });
  }

  /**
   * Listens.
   *
   * @throws ConfigurationError when the address is unreadable, in use, or not of this machine alone without `allowRemote`.
   */
  static async open(options: ViewOptions): Promise<ViewServer> {
    const text = options.address ?? DEFAULT_VIEW_ADDRESS;
    const wanted = parseListenAddress(text, options.allowRemote ?? false);
    const server = createServer();
    server.maxConnections = MOST_CONNECTIONS;
    try {
      server.listen(wanted.port, wanted.host);
      await once(server, "listening");
    } catch (error) {
      throw new ConfigurationError(`cannot serve the live page at ${text}: ${listenRemedy(error)}`, {
        cause: error,
      });
    }
    // From now on, for example, too many open files: the page may suffer, the loop must not.
    server.on("error", () => {});
    const { port } = server.address() as AddressInfo;
    return new ViewServer(server, { host: wanted.host, port }, options);
  }

  /** What to open in a browser, for example `http://127.0.0.1:8080`. */
  get address(): string {
    const { host, port } = this.#listening;
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** Messages that clients were too slow for, in all. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes in one event of the loop. Never throws and never waits. */
  watch(event: LoopEvent): void {
    try {
      this.metrics.watch(event);
      this.#state.watch(event);
      this.#broadcast.publish(event);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Ends all streams and stops listening. */
  async close(): Promise<void> {
    this.#broadcast.close();
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on("error", () => response.destroy());
    // Not URL, which throws on what a stranger may ask for.
    const [path, query = ""] = (request.url ?? "/").split("?", 2);
    if (!isOwnHost(request.headers.host, this.#listening)) {
      refuse(response, 403, `this server is ${this.address}, not the Host that was asked for`);
      return;
    }
    if (request.method !== "GET") {
      refuse(response, 405, "only GET: there is nothing to change here");
      return;
    }
    switch (path) {
      case "/":
        reply(response, 200, this.#page.headers, this.#page.html);
        return;
      case "/events":
        this.#stream(response, new URLSearchParams(query).get("all") === "1");
        return;
      case "/metrics":
        this.#sendMetrics(response);
        return;
      case "/healthz":
        this.#sendHealth(response);
        return;
      default:
        refuse(response, 404, "there are /, /events, /events?all=1, /metrics and /healthz");
        return;
    }
  }

  #stream(response: ServerResponse, all: boolean): void {
    if (this.#broadcast.clients >= MOST_CLIENTS) {
      refuse(response, 503, `${MOST_CLIENTS} clients are watching already; close one of them`);
      return;
    }
    const stream = new EventStream(response, () => this.#countDrop());
    response.on("close", () => this.#broadcast.remove(stream));
    if (all) this.#broadcast.addTap(stream, this.#description);
    else this.#broadcast.addPage(stream, this.#description);
  }

  #sendMetrics(response: ServerResponse): void {
    this.metrics.dropped("view", this.#dropped);
    this.metrics.text().then(
      (text) => reply(response, 200, { "Content-Type": this.metrics.contentType }, text),
      (error: Error) => refuse(response, 500, error.message),
    );
  }

  #sendHealth(response: ServerResponse): void {
    const worker = this.#state.worker;
    const health = {
      worker,
      robots: this.#state.robots,
      clients: this.#broadcast.clients,
      dropped: this.#dropped,
      fault: this.#fault ?? null,
    };
    reply(
      response,
      worker === "ready" ? 200 : 503,
      { "Content-Type": "application/json" },
      `${JSON.stringify(health)}\n`,
    );
  }

  /** The robot goes on; /healthz says what is broken here. */
  #fail(error: Error): void {
    this.#fault ??= error.message;
  }

  #countDrop(): void {
    this.#dropped += 1;
  }
}

function listenRemedy(error: unknown): string {
  const remedy: Record<string, string> = {
    EADDRINUSE:
      "it is in use, probably by another node's page; stop that one, or choose another port (0 takes any free one)",
    EADDRNOTAVAIL: "this machine has no such address; see `ip address`",
    EACCES: "not permitted; use a port above 1023",
    ENOTFOUND: "no such name; use an IP address",
  };
  const { code, message } = error as NodeJS.ErrnoException;
  return remedy[code ?? ""] ?? message;
}
