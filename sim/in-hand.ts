import type { ActionMessage } from "../src/transport/message.js";

/**
 * The newest action message of an episode and the plan in it: what a robot has in its hands should the node fall silent.
 *
 * @example
 * const inHand = new InHand(episode);
 * inHand.take(message, step);
 * const action = inHand.row(step) ?? hold;
 */
export class InHand {
  #message: ActionMessage | undefined;

  constructor(readonly episode: number) {}

  get message(): ActionMessage | undefined {
    return this.#message;
  }

  /**
   * Takes a message in unless it belongs to another episode, to an earlier step than the one in hand, or to a step past
   * `newest`: a robot that stood still has not come to where the node believes it to be.
   */
  take(message: ActionMessage, newest: number): void {
    if (message.episode !== this.episode || message.step > newest) return;
    if (this.#message && message.step < this.#message.step) return;
    this.#message = message;
  }

  /** Whether the action of this step itself has come. */
  has(step: number): boolean {
    return this.#message?.step === step;
  }

  /** Whether that action answers an observation, and is not what the node sent because none had come. */
  hasAnswer(step: number): boolean {
    return this.has(step) && this.#message?.id !== null;
  }

  /** The action planned for a step; undefined where the plan in hand does not reach. */
  row(step: number): readonly number[] | undefined {
    if (!this.#message) return undefined;
    const { actions, step: first } = this.#message;
    const [rows, width] = actions.shape;
    const k = step - first;
    if (k < 0 || k >= rows) return undefined;
    return Array.from(actions.data.subarray(k * width, (k + 1) * width));
  }
}
