import { describe } from "./node.js";
import type { Rcl, RclLifecycleNode, RclResponse, RclState } from "./rcl.js";

export type Transition = "configure" | "activate" | "deactivate" | "cleanup" | "shutdown";

/**
 * What a transition does. One that rejects fails: the node stays unconfigured after `configure` and inactive after
 * `activate`; after `deactivate` and `cleanup` it goes through `recover`, to unconfigured or, if that rejects as well, to
 * finalized. After `shutdown` it is finalized in any case.
 */
export type LifecycleSteps = Readonly<Record<Transition | "recover", () => Promise<void>>>;

export interface TransitionResult {
  readonly ok: boolean;
  /** Why not, in words for a person; empty when ok. */
  readonly reason: string;
}

/** By the id of `lifecycle_msgs/msg/Transition`, from each state in which it can rest. */
const POSSIBLE: Readonly<Record<string, ReadonlyMap<number, Transition>>> = {
  unconfigured: new Map([
    [1, "configure"],
    [5, "shutdown"],
  ]),
  inactive: new Map([
    [3, "activate"],
    [2, "cleanup"],
    [6, "shutdown"],
  ]),
  active: new Map([
    [4, "deactivate"],
    [7, "shutdown"],
  ]),
  finalized: new Map(),
};

/** `lifecycle_msgs/msg/State`, of a transition under way. */
const UNDER_WAY: Readonly<Record<Transition, RclState>> = {
  configure: { id: 10, label: "configuring" },
  cleanup: { id: 11, label: "cleaningup" },
  shutdown: { id: 12, label: "shuttingdown" },
  activate: { id: 13, label: "activating" },
  deactivate: { id: 14, label: "deactivating" },
};

/**
 * The standard life cycle with steps that take time. The callbacks of rclnodejs are synchronous (a promise out of one
 * aborts the process), and so is its handling of `change_state`, which aborts the process at a transition that the
 * present state does not have. Here a request is checked first, the step is awaited, and only then is the state machine
 * told how it ended; until then clients see the state in between, and other requests are refused.
 *
 * @example
 * const lifecycle = new Lifecycle(rcl, node, log, steps);
 * await lifecycle.change("configure"); // { ok: true, reason: "" }
 */
export class Lifecycle {
  readonly #node: RclLifecycleNode;
  readonly #codes: Rcl["lifecycle"]["CallbackReturnCode"];
  readonly #log: (text: string) => void;
  readonly #steps: LifecycleSteps;
  /** Where it rests. */
  #resting: RclState;
  #underWay: Transition | undefined;
  /** Settles when nothing is under way. */
  #ended: Promise<void> = Promise.resolve();
  /** What the synchronous callbacks of the transition tell the state machine. */
  #stepCode = 0;
  #recoveryCode = 0;

  /** @param log told of every transition that was refused or failed, and why. */
  constructor(rcl: Rcl, node: RclLifecycleNode, log: (text: string) => void, steps: LifecycleSteps) {
    this.#node = node;
    this.#resting = node.currentState;
    this.#codes = rcl.lifecycle.CallbackReturnCode;
    this.#log = log;
    this.#steps = steps;
    const step = () => this.#stepCode;
    node.registerOnConfigure(step);
    node.registerOnActivate(step);
    node.registerOnDeactivate(step);
    node.registerOnCleanup(step);
    node.registerOnShutdown(step);
    node.registerOnError(() => this.#recoveryCode);
    this.#answerRequests();
  }

  /** As `ros2 lifecycle get` shows it: `unconfigured`, `configuring`, `inactive` … */
  get state(): string {
    return this.#shownState().label;
  }

  /** Ends in finalized, after the transition that may be under way. Never rejects. */
  async shutdown(): Promise<void> {
    await this.#ended;
    if (this.state !== "finalized") await this.change("shutdown");
  }

  /** Never rejects. */
  async change(transition: Transition): Promise<TransitionResult> {
    const refusal = this.#refusal(transition);
    if (refusal !== undefined) return this.#failed(`${transition} refused: ${refusal}`);
    let end = () => {};
    this.#ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#underWay = transition;
    try {
      const failure = await this.#run(transition);
      this.#resting = this.#node[transition]();
      return failure === undefined
        ? { ok: true, reason: "" }
        : this.#failed(`${transition} failed: ${failure}`);
    } catch (error) {
      this.#resting = this.#node.currentState;
      return this.#failed(`${transition} failed: ${describe(error)}`);
    } finally {
      this.#underWay = undefined;
      end();
    }
  }

  /** Runs the step, and the recovery where the standard wants one; leaves the codes for the state machine. */
  async #run(transition: Transition): Promise<string | undefined> {
    const { SUCCESS, FAILURE, ERROR } = this.#codes;
    const failure = await this.#attempt(transition);
    const needsRecovery = failure !== undefined && (transition === "deactivate" || transition === "cleanup");
    this.#stepCode = failure === undefined ? SUCCESS : needsRecovery ? ERROR : FAILURE;
    if (!needsRecovery) return failure;
    const second = await this.#attempt("recover");
    this.#recoveryCode = second === undefined ? SUCCESS : FAILURE;
    return second === undefined ? failure : `${failure}; and it cannot recover: ${second}`;
  }

  async #attempt(step: keyof LifecycleSteps): Promise<string | undefined> {
    try {
      await this.#steps[step]();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #refusal(transition: string): string | undefined {
    if (this.#underWay) return `the node is ${UNDER_WAY[this.#underWay].label}`;
    const possible = [...this.#possible.values()];
    if (possible.includes(transition as Transition)) return undefined;
    return `the node is ${this.state}, from where it can ${possible.join(" or ") || "go nowhere"}`;
  }

  get #possible(): ReadonlyMap<number, Transition> {
    return POSSIBLE[this.#resting.label] ?? new Map();
  }

  #failed(reason: string): TransitionResult {
    this.#log(reason);
    return { ok: false, reason };
  }

  #shownState(): RclState {
    return this.#underWay ? UNDER_WAY[this.#underWay] : this.#resting;
  }

  #answerRequests(): void {
    const node = this.#node;
    node._onChangeState = ({ transition }, response) => void this.#onChangeState(transition, response);
    node._onGetState = (_request, response) => {
      const { id, label } = this.#shownState();
      response.send({ current_state: { id, label } });
    };
    // Its own answer lacks the states: it has them under other names than the message.
    node._onGetAvailableTransitions = (_request, response) =>
      response.send({ available_transitions: this.#underWay ? [] : this.#descriptions() });
  }

  #descriptions(): readonly object[] {
    const { id, label } = this.#resting;
    return [...this.#possible].map(([transitionId, transition]) => ({
      transition: { id: transitionId, label: transition },
      start_state: { id, label },
      goal_state: UNDER_WAY[transition],
    }));
  }

  async #onChangeState({ id, label }: RclState, response: RclResponse): Promise<void> {
    const wanted = label || (this.#possible.get(id) ?? `transition ${id}`);
    const { ok } = isTransition(wanted)
      ? await this.change(wanted)
      : this.#failed(`${wanted} refused: ${this.#refusal(wanted)}`);
    try {
      response.send({ success: ok });
    } catch (error) {
      this.#log(`change_state: the answer could not be sent: ${describe(error)}`);
    }
  }
}

function isTransition(label: string): label is Transition {
  return Object.hasOwn(UNDER_WAY, label);
}
