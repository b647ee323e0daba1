import type { ActionMessage } from "../../transport/message.js";
import type { RosGraph } from "../graph.js";
import { msToStamp, type Stamp, stampToMs } from "../stamp.js";
import type { Command } from "../write/writer.js";
import { CommandOutlet } from "./command-outlet.js";
import type { ActionOutput } from "./topics.js";

export interface CommandDispatchOptions {
  readonly graph: RosGraph;
  readonly outputs: readonly ActionOutput[];
  /** The control period. */
  readonly periodMs: number;
  /** The exact stamp of an observation that the loop knows by its microseconds. */
  readonly stampOf: (us: number) => Stamp;
  /** Told what is wrong with a topic, and that nothing is. */
  readonly trouble: (about: string, text: string) => void;
  readonly fine: (about: string) => void;
  /** Told of every command once it is out. */
  readonly onCommand?: (command: Command) => void;
}

/** An action that went out, and the one of the step before, if that did. */
interface Told {
  readonly episode: number;
  readonly step: number;
  readonly action: Float32Array;
  readonly before: Float32Array | undefined;
}

const WATCHERS = "what is shown of actions";

/** Makes commands of the loop's actions and puts them on every topic that they go out on. */
export class CommandDispatch {
  readonly outlets: readonly CommandOutlet[];
  readonly #options: CommandDispatchOptions;
  /** What the robot was told last. */
  #told: Told | undefined;

  constructor(options: CommandDispatchOptions) {
    this.#options = options;
    this.outlets = options.outputs.map((output) => new CommandOutlet(options.graph, output));
  }

  /** Nothing goes out of an action with no rows, or with a value that is not finite. */
  send(message: ActionMessage): void {
    const { trouble, fine, onCommand } = this.#options;
    const { episode, step, actions } = message;
    const [rows, width] = actions.shape;
    if (rows === 0) return;
    const bad = actions.data.findIndex((value) => !Number.isFinite(value));
    const refusal =
      bad < 0 ? undefined : `an action was not published: value ${bad} of it is ${actions.data[bad]}`;
    const command = this.#command(message);
    for (const outlet of this.outlets) {
      const problem = refusal ?? outlet.publish(command);
      if (problem) trouble(outlet.topic, problem);
      else fine(outlet.topic);
    }
    if (refusal) return;
    this.#told = { episode, step, action: actions.data.slice(0, width), before: command.before };
    try {
      onCommand?.(command);
    } catch (error) {
      // Whoever only watches must not stop the loop.
      trouble(WATCHERS, (error as Error).message);
    }
  }

  close(): void {
    for (const outlet of this.outlets) outlet.close();
  }

  #command({ stamp, episode, step, actions, plan }: ActionMessage): Command {
    const { graph, periodMs, stampOf } = this.#options;
    const rosMs = graph.now();
    const derivesFrom = stamp === null ? msToStamp(rosMs) : stampOf(stamp);
    return {
      stamp: derivesFrom,
      sinceStampMs: plan ? (step - plan.step) * periodMs : 0,
      ageMs: Math.max(0, rosMs - stampToMs(derivesFrom)),
      periodMs,
      rows: actions.data,
      before: this.#before(episode, step),
    };
  }

  /** What the robot was told in the step before; a step may be told twice. */
  #before(episode: number, step: number): Float32Array | undefined {
    const told = this.#told;
    if (told?.episode !== episode) return undefined;
    if (told.step === step) return told.before;
    return told.step === step - 1 ? told.action : undefined;
  }
}
