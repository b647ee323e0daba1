import type { Robot } from "./robot.js";

/** Robots one node serves at a time, unless told; one that has been silent for long makes room for a new one. */
export const MAX_ROBOTS = 16;
const SILENT_MS = 10_000;

interface Entry {
  readonly robot: Robot;
  heardAt: number;
}

/** The robots that a node serves, by name. */
export class Peers {
  readonly #create: (name: string) => Robot;
  readonly #dismiss: (robot: Robot) => void;
  readonly #most: number;
  /** In order of last use, longest silent first. */
  readonly #byName = new Map<string, Entry>();

  /** @param dismiss told of a robot that has to make room. @param most robots at a time. */
  constructor(create: (name: string) => Robot, dismiss: (robot: Robot) => void, most: number) {
    this.#most = most;
    this.#create = create;
    this.#dismiss = dismiss;
  }

  /** The robot of that name, just heard from and new if need be; undefined when there is no room for it. */
  heard(name: string, now: number): Robot | undefined {
    const known = this.#byName.get(name);
    if (!known && !this.#makeRoom(now)) return undefined;
    const entry = known ?? { robot: this.#create(name), heardAt: now };
    entry.heardAt = now;
    this.#byName.delete(name);
    this.#byName.set(name, entry);
    return entry.robot;
  }

  all(): readonly Robot[] {
    return [...this.#byName.values()].map(({ robot }) => robot);
  }

  /** Forgets all of them; who they were. */
  clear(): readonly Robot[] {
    const robots = this.all();
    this.#byName.clear();
    return robots;
  }

  #makeRoom(now: number): boolean {
    if (this.#byName.size < this.#most) return true;
    const [[name, { robot, heardAt }]] = this.#byName;
    if (now - heardAt < SILENT_MS) return false;
    this.#byName.delete(name);
    this.#dismiss(robot);
    return true;
  }
}
