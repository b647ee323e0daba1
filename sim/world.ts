import type { Demonstration } from "./demonstration.js";
import type { PlayableWorld, Progress } from "./play.js";
import type { Seen } from "./seen.js";

/** What a person watching wants to see on top of a world. */
export interface Overlay {
  /** The action under way. */
  readonly action: readonly number[];
  /** The planned actions, this one first. */
  readonly plan: readonly (readonly number[])[];
  /** One line of text. */
  readonly caption: string;
}

/**
 * A world that `parapilot` plays: one that ships, or the file of a user (`parapilot eval world.mjs`). What is optional
 * makes it useful in more ways: to be drawn, to be timed under contact, to be demonstrated.
 *
 * @example
 * export default (): World => {
 *   const env = new MyWorld(); // reset({ seed }), step(action)
 *   return { task: "mine", env, hold: () => [0, 0] };
 * };
 */
export interface World extends PlayableWorld<Seen, Progress> {
  /** What policies for it have as `task`. */
  readonly task: string;
  /** An action that keeps robot and things in contact, whatever it is good for: what is timed. Without it, `hold` is. */
  exercise?(observation: Seen, step: number): readonly number[];
  /** The world as it is now: an SVG picture of 512 x 512 pixels. */
  render?(overlay: Overlay): string;
  /** Lets an expert play an episode. */
  demonstrate?(seed: number): Demonstration;
  /**
   * Gives back what the world holds outside of JavaScript's own memory, and stops what would keep the process from ending;
   * it cannot be played any more.
   */
  close?(): void | Promise<void>;
}
