/**
 * Finds the control steps of one robot for which no action went out. Steps of an episode are consecutive.
 *
 * ```ts
 * steps.acted(0, 7); // 0
 * steps.acted(0, 9); // 1: step 8 was silent
 * ```
 */
export class StepCount {
  #episode: number | undefined;
  #last = 0;
  /** Steps after the last one acted in for which no action is asked; their numbers would be memory for ever. */
  #unasked = 0;
  #newestUnasked = -1;

  /** An observation was taken in. The first that asks for an action begins the episode's count. */
  observed(episode: number, step: number, isAsked: boolean): void {
    if (isAsked) {
      if (episode !== this.#episode) this.#begin(episode, step);
    } else if (step > Math.max(this.#last, this.#newestUnasked)) {
      this.#unasked += 1;
      this.#newestUnasked = step;
    }
  }

  /** An action went out: how many steps before it were silent. */
  acted(episode: number, step: number): number {
    if (episode !== this.#episode) this.#begin(episode, step);
    // No action may be asked for steps that begin before this one's action is out.
    const later = Math.min(this.#unasked, Math.max(0, this.#newestUnasked - step));
    const isItself = this.#newestUnasked === step ? 1 : 0;
    const silent = Math.max(0, step - this.#last - 1 - (this.#unasked - later - isItself));
    this.#unasked = later;
    // A robot that executed fewer steps than it was given actions for counts back: its own count is the one that counts.
    this.#last = step;
    return silent;
  }

  #begin(episode: number, step: number): void {
    this.#episode = episode;
    this.#last = step - 1;
    this.#unasked = 0;
    this.#newestUnasked = -1;
  }
}
