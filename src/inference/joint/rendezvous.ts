import type { Inference } from "../inference.js";
import type { Solve, TickRequest, TickResult } from "../tick.js";
import { refused } from "../worker-thread.js";

/** An inference that can solve several requests as one. */
export interface JointInference extends Inference {
  /** Begins to solve ticks of different sessions together: each sweep of all of them is one network call. */
  solveTogether(requests: readonly TickRequest[]): readonly Solve[];
}

/**
 * Has the robots of one node solved together: each request waits until every robot has made one. Only for worlds that wait
 * for their actions, and as long as it takes; a robot in real time would miss its deadline by the slowest of the others.
 * What is solved together depends on what the robots do, and not on how fast they are.
 *
 * @example
 * const rendezvous = new Rendezvous(host);
 * const play = async (robot) => { rendezvous.join(); await playEpisodes(robot); rendezvous.leave(); };
 */
export class Rendezvous implements Inference {
  readonly #inference: JointInference;
  #robots = 0;
  /** In the order of the requests; of one session perhaps several. */
  #waiting: Waiting[] = [];

  constructor(inference: JointInference) {
    this.#inference = inference;
  }

  get manifest() {
    return this.#inference.manifest;
  }

  get settings() {
    return this.#inference.settings;
  }

  get runtime() {
    return this.#inference.runtime;
  }

  /** One more robot is waited for. */
  join(): void {
    this.#robots += 1;
  }

  /** A robot will make no more requests. */
  leave(): void {
    this.#robots -= 1;
    this.#beginIfComplete();
  }

  solve(request: TickRequest): Solve {
    const waiting = new Waiting(request);
    this.#waiting.push(waiting);
    this.#beginIfComplete();
    return waiting;
  }

  adjust(settings: Inference["settings"]): void {
    this.#inference.adjust(settings);
  }

  forget(session: string): void {
    this.#inference.forget(session);
  }

  async close(): Promise<void> {
    for (const waiting of this.#waiting.splice(0)) waiting.begin(refused("the inference host is closed"));
    await this.#inference.close();
  }

  #beginIfComplete(): void {
    const first = new Map<string, Waiting>();
    for (const waiting of this.#waiting) {
      const { session } = waiting.request;
      if (!first.has(session)) first.set(session, waiting);
    }
    if (first.size === 0 || first.size < this.#robots) return;
    const begun = new Set(first.values());
    this.#waiting = this.#waiting.filter((waiting) => !begun.has(waiting));
    // Not by the order in which they came, which no clock repeats: the place in a batch may tell in the last bit.
    const ordered = [...begun].sort((a, b) => a.request.episode - b.request.episode);
    const solves = this.#inference.solveTogether(ordered.map(({ request }) => request));
    for (const [k, waiting] of ordered.entries()) waiting.begin(solves[k]);
  }
}

/** A solve that has not begun, and then is one that has. */
class Waiting implements Solve {
  readonly done: Promise<TickResult>;
  #settle: (result: TickResult) => void = () => {};
  #solve: Solve | undefined;
  #isStopped = false;

  constructor(readonly request: TickRequest) {
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  begin(solve: Solve): void {
    this.#solve = solve;
    if (this.#isStopped) solve.stop();
    void solve.done.then(this.#settle);
  }

  candidate() {
    return this.#solve?.candidate();
  }

  stop(): void {
    this.#isStopped = true;
    this.#solve?.stop();
  }
}
