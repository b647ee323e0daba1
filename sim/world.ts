import type { Demonstration } from "./demonstration.js";
import type { PlayableWorld, Progress, Seen } from "./play.js";

/** What a person watching wants to see on top of a world. */
export interface Overlay {
  /** The action under way. */
  readonly action: readonly number[];
  /** The planned actions, this one first. */
  readonly plan: readonly (readonly number[])[];
  /** One line of text. */
  readonly caption: string;
}

/** A world that `parapilot` offers: to be played, timed, drawn, and perhaps demonstrated. */
export interface World extends PlayableWorld<Seen, Progress> {
  readonly env: PlayableWorld<Seen, Progress>["env"] & { readonly maxSteps: number };
  /** An action that keeps robot and things in contact, whatever it is good for: what is timed. */
  exercise(observation: Seen, step: number): readonly number[];
  /** The world as it is now: an SVG picture of 512 x 512 pixels. */
  render(overlay: Overlay): string;
  /** Lets an expert play an episode, where there is one. */
  demonstrate?(seed: number): Demonstration;
  /** Gives back what the world holds outside of JavaScript's own memory; it cannot be played any more. */
  close(): void;
}
