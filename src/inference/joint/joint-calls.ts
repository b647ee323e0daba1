import type { ChunkShape } from "../../sampling/denoiser.js";
import type { PolicyNetwork } from "../policy-network.js";

/** What one of several problems sees of the network that all of them share. */
export type Share = Pick<PolicyNetwork, "shape" | "observe" | "predictNoise" | "runMs">;

interface Question {
  readonly states: Float64Array;
  readonly levels: Int32Array;
  readonly rows: number;
  readonly out: Float64Array;
  readonly answered: () => void;
  readonly failed: (reason: unknown) => void;
}

/**
 * Lets problems that are solved at the same time share the calls of a network: when every problem that is still being
 * solved has asked, one call answers them all. So what is one call of every problem alone, a sweep, is one call of all of
 * them, and a problem that has converged is in no further one. Solvers need to know nothing of it, and may differ in the
 * calls they make. The order of the rows is that of the problems, however they are timed.
 *
 * @example
 * const calls = new JointCalls(network, problems.length);
 * await Promise.all(problems.map((problem, k) => solve(problem, calls.share(k)).finally(() => calls.leave(k))));
 */
export class JointCalls {
  readonly #network: PolicyNetwork;
  /** [problems · To · O] */
  #observations = new Float64Array();
  #isObserved = false;
  readonly #solving: Set<number>;
  readonly #asked: (Question | undefined)[];
  #capacity = 0;
  #states = new Float64Array();
  #levels = new Int32Array();
  #owners = new Int32Array();
  #answers = new Float64Array();

  /** @param network of joint files. */
  constructor(network: PolicyNetwork, problems: number) {
    this.#network = network;
    this.#solving = new Set(Array(problems).keys());
    this.#asked = Array(problems).fill(undefined);
  }

  /**
   * The network as problem k sees it: its calls wait for those of the others. Every problem has one, observes first, and
   * then makes one call at a time.
   */
  share(problem: number): Share {
    const network = this.#network;
    return {
      shape: network.shape,
      observe: (observation) => this.#observe(problem, observation),
      predictNoise: (states, levels, rows, out) =>
        new Promise((answered, failed) => {
          this.#asked[problem] = { states, levels, rows, out, answered, failed };
          this.#callIfComplete();
        }),
      get runMs() {
        return network.runMs;
      },
    };
  }

  /** Problem k is solved, or will not be: nobody waits for it any more. */
  leave(problem: number): void {
    this.#solving.delete(problem);
    this.#callIfComplete();
  }

  #observe(problem: number, observation: Float64Array): void {
    const width = observation.length;
    if (this.#observations.length === 0) this.#observations = new Float64Array(width * this.#asked.length);
    this.#observations.set(observation, problem * width);
    this.#isObserved = false;
  }

  #callIfComplete(): void {
    for (const problem of this.#solving) if (!this.#asked[problem]) return;
    void this.#call();
  }

  async #call(): Promise<void> {
    const asked = this.#asked.flatMap((question, problem) => (question ? [{ problem, ...question }] : []));
    if (asked.length === 0) return;
    this.#asked.fill(undefined);
    const { horizon, dim }: ChunkShape = this.#network.shape;
    const size = horizon * dim;
    const rows = asked.reduce((sum, question) => sum + question.rows, 0);
    try {
      if (rows > this.#capacity) this.#grow(rows, size);
      let at = 0;
      for (const { problem, states, levels, rows: its } of asked) {
        this.#states.set(states.subarray(0, its * size), at * size);
        this.#levels.set(levels.subarray(0, its), at);
        this.#owners.fill(problem, at, at + its);
        at += its;
      }
      if (!this.#isObserved) this.#network.observe(this.#observations);
      this.#isObserved = true;
      await this.#network.predictNoise(this.#states, this.#levels, rows, this.#answers, this.#owners);
      at = 0;
      for (const { rows: its, out } of asked) {
        out.set(this.#answers.subarray(at * size, (at + its) * size));
        at += its;
      }
    } catch (error) {
      for (const { failed } of asked) failed(error);
      return;
    }
    for (const { answered } of asked) answered();
  }

  #grow(rows: number, size: number): void {
    this.#capacity = rows;
    this.#states = new Float64Array(rows * size);
    this.#levels = new Int32Array(rows);
    this.#owners = new Int32Array(rows);
    this.#answers = new Float64Array(rows * size);
  }
}
