import type { InferenceHost } from "../inference/host.js";
import type { ObservationMessage } from "../transport/message.js";
import { Pilot, type View } from "./pilot.js";

/** Robots one node serves at a time; one that has been silent for long makes room for a new one. */
export const MAX_PEERS = 16;
const SILENT_MS = 10_000;

/** One robot that talks to the node. */
export interface Peer {
  readonly pilot: Pilot;
  episode: number | undefined;
  lastId: number;
  solving: boolean;
  /** The observation to be solved next, with what the robot had seen then. */
  waiting: { readonly message: ObservationMessage; readonly view: View } | undefined;
  heardAt: number;
}

/** The robots that a node serves, by name. */
export class Peers {
  readonly #host: InferenceHost;
  readonly #joined: (name: string) => void;
  readonly #left: (name: string, peer: Peer) => void;
  /** In order of last use, longest silent first. */
  readonly #byName = new Map<string, Peer>();

  constructor(
    host: InferenceHost,
    on: { readonly joined: (name: string) => void; readonly left: (name: string, peer: Peer) => void },
  ) {
    this.#host = host;
    this.#joined = on.joined;
    this.#left = on.left;
  }

  /** The peer of that name, just heard from and new if need be; undefined when there is no room for it. */
  heard(name: string): Peer | undefined {
    const now = performance.now();
    const known = this.#byName.get(name);
    if (!known && !this.#makeRoom(now)) return undefined;
    const peer = known ?? {
      pilot: new Pilot(this.#host, name),
      episode: undefined,
      lastId: -1,
      solving: false,
      waiting: undefined,
      heardAt: now,
    };
    peer.heardAt = now;
    this.#byName.delete(name);
    this.#byName.set(name, peer);
    if (!known) this.#joined(name);
    return peer;
  }

  #makeRoom(now: number): boolean {
    if (this.#byName.size < MAX_PEERS) return true;
    const [[name, peer]] = this.#byName;
    if (now - peer.heardAt < SILENT_MS) return false;
    this.#byName.delete(name);
    this.#left(name, peer);
    peer.pilot.close();
    return true;
  }
}
