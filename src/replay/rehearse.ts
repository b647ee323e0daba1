import type { LoopSettings } from "../control/loop-effects.js";
import type { SolverSettings } from "../inference/settings.js";
import type { Candidate, TickRequest, TickResult } from "../inference/tick.js";
import { isSolved } from "../inference/tick.js";
import { ConfigurationError } from "../policy/errors.js";
import type { RecordedEvent } from "../recording/mcap-schema.js";
import { type RecordedOrder, recordedOrders } from "./recorded-order.js";
import { type Difference, RehearsedRobot, type SolvedOrder } from "./rehearsed-robot.js";

export type { Difference } from "./rehearsed-robot.js";

/** Solves the requests of a recording again, in its order. */
export interface Resolver {
  /** @param publish takes the chunk after every sweep. */
  solve(request: TickRequest, publish: (candidate: Candidate) => void): Promise<TickResult>;
  /** Drops what a session carries. */
  forget(session: string): void;
  /** Solves with these settings from now on. */
  adjust(settings: SolverSettings): void;
  /** The worker was replaced: nothing is carried any more. */
  restart(): void;
}

export interface Rehearsal {
  readonly ticks: number;
  readonly solves: number;
  /** Solves that failed for something that a replay cannot repeat, and were taken as recorded: a lost worker, an injected fault. */
  readonly assumed: number;
  readonly differences: number;
  readonly first?: Difference;
}

/**
 * Runs a recording again: every order is solved anew with the recorded seeds and as many sweeps, every loop is fed what
 * it was fed, and what comes of it is held against what was recorded, bit for bit.
 *
 * @param events as `Recording.events()` gives them, none dropped.
 * @param progress told of every order that has been solved.
 * @throws ConfigurationError when a robot was there before the recording began.
 * @example
 * const resolver = await LocalResolver.open(bundle, header.solver, header.runtime);
 * const { differences, first } = await rehearse(events, recordedSettings(header), resolver);
 */
export async function rehearse(
  events: readonly RecordedEvent[],
  settings: Omit<LoopSettings, "session">,
  resolver: Resolver,
  progress: (solves: number) => void = () => {},
): Promise<Rehearsal> {
  const orders = recordedOrders(events);
  const robots = new Map<string, RehearsedRobot>();
  /** Who made an order: its robot may have left before the solve ends. */
  const makers = new Map<RecordedOrder, RehearsedRobot>();
  const tally = { ticks: 0, solves: 0, assumed: 0, differences: 0 };
  let first: Difference | undefined;
  let inForce = settings;
  const report = (difference: Difference): void => {
    tally.differences += 1;
    first ??= difference;
  };
  for (const event of events) {
    if (event.kind === "worker") {
      if (event.state === "ready") resolver.restart();
      continue;
    }
    if (event.kind === "settings") {
      inForce = { ...inForce, budgets: event.budgets };
      resolver.adjust(event.solver);
      for (const robot of robots.values()) robot.adjusted(event.budgets);
      continue;
    }
    if (event.kind === "dropped" || event.kind === "episode") continue;
    if (event.kind === "joined") {
      robots.set(event.robot, new RehearsedRobot(event.robot, inForce, report));
      continue;
    }
    if (event.kind === "refused") {
      robots.get(event.robot)?.refused(event);
      continue;
    }
    const order = orders.get(event);
    const robot = (order && makers.get(order)) ?? robots.get(event.robot);
    if (!robot) {
      throw new ConfigurationError(
        `robot ${event.robot} was there before the recording began, so that its loop cannot be run again; ` +
          "record from the start of the node, or compare with --solver",
      );
    }
    switch (event.kind) {
      case "left":
        robot.left();
        robots.delete(event.robot);
        resolver.forget(event.robot);
        break;
      case "order": {
        if (!order) break;
        makers.set(order, robot);
        const solved = await solveAgain(order, resolver);
        if (solved.isAssumed) tally.assumed += 1;
        else if (solved.result) tally.solves += 1;
        robot.ordered(order, solved);
        progress(tally.solves);
        break;
      }
      case "solve":
        if (order) robot.ended(event, order);
        break;
      case "tick":
        tally.ticks += 1;
        robot.acted(event);
        break;
      case "observation":
        robot.observed(event);
        break;
      case "halt":
        robot.halted(event);
        break;
      case "alarm":
        robot.alarmed(event);
        break;
      case "candidate":
        robot.looked(event);
        break;
    }
  }
  return first ? { ...tally, first } : tally;
}

/** Ends a solve where the recorded one ended, and leaves the session with what the worker left it with. */
async function solveAgain(
  { event: { request }, candidate, end }: RecordedOrder,
  resolver: Resolver,
): Promise<SolvedOrder & { readonly isAssumed?: true }> {
  const iterates: Candidate[] = [];
  const solve = (changes: Partial<TickRequest>) =>
    resolver.solve({ ...request, ...changes }, (iterate) => iterates.push(iterate));
  const recorded = end?.result;
  if (!recorded || recorded.outcome === "worker-failed") {
    // What it had when the loop looked was real all the same.
    const maxSweeps = candidate?.candidate?.sweeps;
    if (maxSweeps !== undefined) await solve({ maxSweeps });
    resolver.forget(request.session);
    return recorded ? { result: recorded, iterates, isAssumed: true } : { result: recorded, iterates };
  }
  const result = await solve(isSolved(recorded) ? {} : { maxSweeps: recorded.sweeps });
  if (recorded.outcome !== "not-finite" || result.outcome === "not-finite") return { result, iterates };
  resolver.forget(request.session);
  return { result: recorded, iterates, isAssumed: true };
}
