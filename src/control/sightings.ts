import { History } from "../policy/history.js";
import { type Manifest, observationWidth, width } from "../policy/manifest.js";

const MOST_NAMES = 8;
const LONGEST_NAME = 60;

/** One observation: a value list per key of the manifest, in its units. */
export type Observation = Readonly<Record<string, ArrayLike<number>>>;

/** The observations that one chunk answers. */
export interface View {
  /** Control step of the newest one. */
  readonly step: number;
  /** [To · O] in the manifest's units, oldest first. */
  readonly observation: Float64Array;
}

/**
 * What one robot has seen in this episode: checks observations against the policy and keeps the last ones.
 *
 * @example
 * const sightings = new Sightings(manifest);
 * const problem = sightings.observe(0, { keypoints, agent_position });
 * if (problem) throw new Error(problem);
 * sightings.view(); // { step: 0, observation: Float64Array [40] }
 */
export class Sightings {
  readonly #manifest: Manifest;
  readonly #history: History;
  readonly #frame: Float64Array;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#history = new History(manifest.n_obs_steps, observationWidth(manifest));
    this.#frame = new Float64Array(this.#history.width);
  }

  /** The control step of the newest observation; -1 before the first. */
  get newest(): number {
    return this.#history.newest;
  }

  /** [O] the newest observation taken in; what is in it before the first one means nothing. */
  get frame(): Float64Array {
    return this.#frame;
  }

  clear(): void {
    this.#history.clear();
  }

  /**
   * Adds the observation of a control step. Returns what is wrong with it, naming key and index, or nothing; a wrong
   * observation leaves everything as it was.
   */
  observe(step: number, observation: Observation): string | undefined {
    const wrong = this.#check(step, observation);
    if (wrong) return wrong;
    let at = 0;
    for (const { name } of this.#manifest.observation) {
      this.#frame.set(observation[name], at);
      at += observation[name].length;
    }
    this.#history.push(step, this.#frame);
    return undefined;
  }

  /** What the policy sees now; later observations do not change it. Throws before the first observation. */
  view(): View {
    if (this.#history.empty) throw new Error("there is nothing to plan from; call observe() first");
    const { steps, width: size, newest } = this.#history;
    return { step: newest, observation: this.#history.read(new Float64Array(steps * size)) };
  }

  #check(step: number, observation: Observation): string | undefined {
    if (!Number.isSafeInteger(step) || step < 0) return `step is ${step}; count control steps from 0`;
    for (const { name, shape, unit } of this.#manifest.observation) {
      const values = observation[name];
      const wanted = width(shape);
      if (!values) {
        return `observation "${name}" is missing; got ${shown(Object.keys(observation)) || "nothing"}`;
      }
      if (values.length !== wanted) {
        return `observation "${name}" has ${values.length} values; the policy takes ${wanted} (${unit})`;
      }
      for (let k = 0; k < wanted; k++) {
        if (!Number.isFinite(values[k]))
          return `observation "${name}"[${k}] is ${values[k]}; check the sensor`;
      }
    }
    if (step < this.newest) {
      return `observation of step ${step} came after that of step ${this.newest}; begin a new episode to count from 0`;
    }
    return undefined;
  }
}

/** Names come from outside: a refusal that quoted all of them might be too large to send. */
function shown(names: readonly string[]): string {
  const some = names.slice(0, MOST_NAMES).map((name) => name.slice(0, LONGEST_NAME));
  return `${some.join(", ")}${names.length > MOST_NAMES ? ", …" : ""}`;
}
