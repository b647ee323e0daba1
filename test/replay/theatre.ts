import type { Budgets } from "../../src/control/budgets.js";
import { ControlNode } from "../../src/control/node.js";
import type { PlanSettings } from "../../src/control/plan-settings.js";
import { SAFE_RESIDUAL } from "../../src/inference/tick-solver.js";
import { decodeEvent, encodeEvent } from "../../src/recording/mcap-message.js";
import type { RecordedEvent } from "../../src/recording/mcap-schema.js";
import type { LoopEvent } from "../../src/telemetry/loop-event.js";
import { SimulatedClock } from "../../src/time/simulated-clock.js";
import type { NodeMessage, ObservationMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import type { NodeHandlers, NodeTransport } from "../../src/transport/transport.js";
import type { Period, Plot } from "../control/rehearsal.js";
import { TOY_MANIFEST, ToyWorker } from "./toy-worker.js";

const TICK = 100;
/** Between two looks at promises. */
const TURN_MS = 5;

export function budgets(changes: Partial<Budgets> = {}): Budgets {
  return { tick: TICK, solve: 90, maxObservationAge: null, hold: 200, ...changes };
}

export function planSettings(overlap: PlanSettings["overlap"]): PlanSettings {
  return {
    execute: 3,
    overlap,
    ahead: overlap === "none" ? 0 : 1,
    blend: "quintic",
    blendSteps: 2,
    commands: 3,
  };
}

/** A socket that is not there: the test speaks to the node. */
class Stub implements NodeTransport {
  readonly address = "stub";
  readonly dropped = 0;
  readonly sent: { readonly peer: string; readonly message: NodeMessage }[] = [];
  handlers: NodeHandlers | undefined;

  listen(handlers: NodeHandlers): void {
    this.handlers = handlers;
  }

  send(peer: string, message: NodeMessage): void {
    this.sent.push({ peer, message });
  }

  async close(): Promise<void> {}
}

/** A node with a toy policy in simulated time, and everything that it tells of itself. */
export class Theatre {
  readonly clock = new SimulatedClock(1000);
  readonly events: LoopEvent[] = [];
  readonly worker: ToyWorker;
  readonly settings;
  readonly #node: ControlNode;
  readonly #stub = new Stub();

  constructor(changes: Partial<Budgets> = {}, overlap: PlanSettings["overlap"] = "none") {
    this.settings = {
      manifest: TOY_MANIFEST,
      budgets: budgets(changes),
      plan: planSettings(overlap),
      safeResidual: SAFE_RESIDUAL,
    };
    const watch = (event: LoopEvent) => this.events.push(event);
    this.worker = new ToyWorker(this.clock, (state) =>
      watch({ kind: "worker", at: this.clock.now(), state, message: "" }),
    );
    this.#node = new ControlNode(this.#stub, this.worker, { clock: this.clock, watch, ...this.settings });
    this.#node.start();
  }

  /** The robot's message arrives now. */
  send(robot: string, changes: Partial<ObservationMessage>, values: readonly number[] = [0.5]): void {
    const message: ObservationMessage = {
      type: "observation",
      id: 0,
      stamp: Math.round(this.clock.now() * 1000),
      episode: 1,
      step: 0,
      reply: "paced",
      observation: { position: float32(Float32Array.from(values)) },
      ...changes,
    };
    this.#stub.handlers?.message(robot, message, this.clock.now());
  }

  /** Lets time pass, with promises settled in between. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TURN_MS) {
      this.clock.advance(Math.min(TURN_MS, left));
      await settled();
    }
  }

  /** The node's budgets and tolerance are changed. */
  adjust(changes: Partial<Budgets>, tolerance: number): void {
    this.#node.adjust({ ...this.settings.budgets, ...changes }, { ...this.worker.settings, tolerance });
  }

  halt(): void {
    this.#node.halt("a person asked for it");
  }

  resume(): void {
    this.#node.resume();
  }

  async close(): Promise<void> {
    await this.#node.close();
    await settled();
  }

  /** What a recording gives back. */
  recorded(): RecordedEvent[] {
    return this.events.map((event) => decodeEvent(encodeEvent(event)));
  }
}

async function settled(): Promise<void> {
  for (let k = 0; k < 4; k++) await Promise.resolve();
}

/** A robot that goes through the periods of a plot. */
export class Actor {
  #id = 0;
  #episode = 1;
  #step = 0;
  #clockOffset = 0;

  constructor(
    readonly name: string,
    readonly theatre: Theatre,
    readonly pace: Plot["pace"],
  ) {}

  /** Sends what the robot sends in this control period. */
  play({ fate, delay, newEpisode, restart }: Period, position: number): void {
    if (restart) {
      this.#id = 0;
      this.#clockOffset += 5_000_000;
    }
    if (restart || newEpisode) {
      this.#episode += 1;
      this.#step = 0;
    }
    if (fate === "frozen") return;
    const { theatre } = this;
    const id = fate === "old id" && this.#id > 2 ? this.#id - 2 : this.#id++;
    const stamp = Math.round(theatre.clock.now() * 1000) + this.#clockOffset;
    const asked = { id, stamp, episode: this.#episode, step: this.#step, reply: this.pace };
    this.#step += 1;
    if (fate === "lost") return;
    const value = fate === "not finite" ? Number.NaN : position;
    const values = fate === "misshapen" ? [value, value] : [value];
    const arrive = () => theatre.send(this.name, asked, values);
    if (fate === "late") theatre.clock.alarm(theatre.clock.now() + delay, arrive);
    else arrive();
    if (fate === "twice") theatre.clock.alarm(theatre.clock.now() + 3, arrive);
  }
}
