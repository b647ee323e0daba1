/** What one environment step hands back; the field names and meanings are gymnasium's. */
export interface StepResult<Observation, Info> {
  readonly observation: Observation;
  readonly reward: number;
  /** The task itself ended the episode (success or failure). */
  readonly terminated: boolean;
  /** The step limit ended the episode; the state is not a final one. */
  readonly truncated: boolean;
  readonly info: Info;
}

/** What a reset hands back. */
export interface ResetResult<Observation, Info> {
  readonly observation: Observation;
  readonly info: Info;
}

/**
 * The gymnasium contract (https://gymnasium.farama.org/api/env/) for a world a policy can drive.
 *
 * Every observation is freshly allocated: the caller may keep it.
 *
 * @example
 * let { observation } = env.reset({ seed: 0 });
 * for (let done = false; !done; ) {
 *   const result = env.step(policy(observation));
 *   observation = result.observation;
 *   done = result.terminated || result.truncated;
 * }
 */
export interface Environment<Observation, Action, Info, ResetOptions> {
  /** Starts a new episode; everything that happens in it follows from `options` and the actions. */
  reset(options: ResetOptions): ResetResult<Observation, Info>;
  /** Advances one control period. Throws when no episode was started or the action is malformed. */
  step(action: Action): StepResult<Observation, Info>;
}
