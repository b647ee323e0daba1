import type { LoopEvent, ObservationEvent, SolveEvent, TickRecord } from "../telemetry/loop-event.js";
import { RUNGS } from "../telemetry/loop-event.js";
import { microseconds, nested, PROCESS, type Slice, type TraceEvent, WORKER_STAGES } from "./trace-event.js";

const MAIN = 1;
const WORKER = 2;
const FIRST_ROBOT = 3;

/**
 * A run as JSON in Google's Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing open. Threads: `main` with
 * the loop's stages, `worker` with each solve and its sweeps, and one per robot with the action that it has in hand. Alarms,
 * misses and refusals are instants; residual and rung are counters.
 *
 * Comes in pieces, to be written as they are: a trace is some kilobytes a tick.
 *
 * ```ts
 * await writeFile("out/trace.json", chromeTrace(events));
 * ```
 */
export function* chromeTrace(events: Iterable<LoopEvent>): Generator<string> {
  yield '{"displayTimeUnit":"ms","traceEvents":[\n';
  let separator = "";
  for (const event of traceEvents(events)) {
    yield separator + JSON.stringify(event);
    separator = ",\n";
  }
  yield "\n]}\n";
}

function* traceEvents(events: Iterable<LoopEvent>): Generator<TraceEvent> {
  const main: Slice[] = [];
  const worker: Slice[] = [];
  const robots = new Map<string, { readonly tid: number; readonly actions: TickRecord[] }>();
  const observed = new Map<string, ObservationEvent>();
  yield { ph: "M", name: "process_name", pid: PROCESS, tid: MAIN, args: { name: "parapilot" } };
  yield threadName(MAIN, "main", 0);
  yield threadName(WORKER, "worker", 1);
  for (const event of events) {
    switch (event.kind) {
      case "observation":
        observed.set(event.robot, event);
        break;
      case "solve":
        worker.push(solveSlice(event));
        yield* between(event);
        break;
      case "tick": {
        let robot = robots.get(event.robot);
        if (!robot) {
          robot = { tid: FIRST_ROBOT + robots.size, actions: [] };
          robots.set(event.robot, robot);
          yield threadName(robot.tid, `robot ${event.robot}`, robot.tid);
        }
        robot.actions.push(event);
        main.push(...loopSlices(event, observed.get(event.robot)));
        yield* counters(event);
        if (event.missed) yield instant("missed", MAIN, event.at, { step: event.step, why: event.reason });
        break;
      }
      case "alarm":
        yield instant("alarm", MAIN, event.at, { late_ms: event.at - event.due });
        break;
      case "refused":
        yield instant(`refused: ${event.reason}`, MAIN, event.at, { message: event.message });
        break;
      case "worker":
        yield instant(`worker ${event.state}`, WORKER, event.at, { message: event.message });
        break;
    }
  }
  yield* nested(main, MAIN);
  yield* nested(worker, WORKER);
  for (const { tid, actions } of robots.values()) yield* nested(actionSlices(actions), tid);
}

/** What the loop did for an action: it was out at `at`. */
function loopSlices({ at, id, step, stages }: TickRecord, observed: ObservationEvent | undefined): Slice[] {
  const decided = at - stages.publish;
  const args = { step };
  const own = [
    { name: "plan", at: decided - stages.plan, ms: stages.plan, args },
    { name: "publish", at: decided, ms: stages.publish, args },
  ];
  if (id === null || observed?.id !== id) return own;
  const { receive = 0, history = 0 } = stages;
  const checked = observed.at - history;
  return [
    { name: "receive", at: checked - receive, ms: receive, args },
    { name: "history", at: checked, ms: history, args },
    ...own,
  ];
}

/** Main has had the result at `at`; the stages end there, one after the other. */
function solveSlice({ at, order, result }: SolveEvent): Slice {
  const { timings, outcome, residual, evaluations } = result;
  const ended = at - timings.deliver;
  let begin = ended - WORKER_STAGES.reduce((sum, stage) => sum + timings[stage], 0);
  const start = begin;
  const children = WORKER_STAGES.map((stage): Slice => {
    const slice = { name: stage, at: begin, ms: timings[stage] };
    begin += timings[stage];
    return stage === "solve"
      ? { ...slice, args: { network_ms: timings.network }, children: sweepSlices(begin, timings.sweeps) }
      : slice;
  });
  return {
    name: `order ${order}`,
    at: start,
    ms: ended - start,
    args: { outcome, residual, evaluations },
    children,
  };
}

/** The last sweep ends with the solve; what is before the first is the start. */
function sweepSlices(end: number, sweeps: readonly number[]): Slice[] {
  let at = end - sweeps.reduce((sum, ms) => sum + ms, 0);
  return sweeps.map((ms, k) => {
    const slice = { name: `sweep ${k + 1}`, at, ms };
    at += ms;
    return slice;
  });
}

/** The robot has an action in hand until the next one comes. */
function actionSlices(actions: readonly TickRecord[]): Slice[] {
  return actions.map(({ at, episode, step, rung, reason, endToEndMs }, k) => ({
    name: rung,
    at,
    ms: k + 1 < actions.length ? actions[k + 1].at - at : endToEndMs,
    args: { episode, step, reason, end_to_end_ms: endToEndMs },
  }));
}

/** The ways between main and the worker: on no thread, for both are busy with something else meanwhile. */
function* between({ at, robot, order, result }: SolveEvent): Generator<TraceEvent> {
  const { timings } = result;
  const begun = at - timings.deliver - WORKER_STAGES.reduce((sum, stage) => sum + timings[stage], 0);
  const ways = [
    ["queue", begun - timings.queue, begun],
    ["deliver", at - timings.deliver, at],
  ] as const;
  for (const [name, from, to] of ways) {
    const interval = { name, cat: "thread hop", id: `${robot} ${order} ${name}`, pid: PROCESS, tid: MAIN };
    yield { ...interval, ph: "b", ts: microseconds(from) };
    yield { ...interval, ph: "e", ts: microseconds(to) };
  }
}

function* counters({ at, robot, rung, plan }: TickRecord): Generator<TraceEvent> {
  const counter = { ph: "C", pid: PROCESS, tid: MAIN, ts: microseconds(at) } as const;
  yield { ...counter, name: `rung (${robot})`, args: { rung: RUNGS.indexOf(rung) } };
  if (plan) yield { ...counter, name: `residual (${robot})`, args: { residual: plan.residual } };
}

function instant(name: string, tid: number, at: number, args: Record<string, unknown>): TraceEvent {
  return { ph: "i", name, pid: PROCESS, tid, ts: microseconds(at), s: "t", args };
}

function threadName(tid: number, name: string, index: number): TraceEvent {
  return { ph: "M", name: "thread_name", pid: PROCESS, tid, args: { name, sort_index: index } };
}
