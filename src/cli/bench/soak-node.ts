import { once } from "node:events";
import { stat } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { PolicyClient } from "../../../sim/policy-client.js";
import { type SoakFigures, SoakProfile } from "../../bench/soak-profile.js";
import { type BudgetSettings, type Budgets, describeBudgets, resolveBudgets } from "../../control/budgets.js";
import { ControlNode } from "../../control/node.js";
import { type PlanSettings, planSettingsSchema, resolvePlanSettings } from "../../control/plan-settings.js";
import { InferenceHost } from "../../inference/host.js";
import type { Runtime } from "../../inference/runtime.js";
import { describeSolver, type SolverSettings } from "../../inference/settings.js";
import type { Bundle } from "../../policy/bundle.js";
import { checked } from "../../policy/errors.js";
import { recordingHeader } from "../../recording/mcap-header.js";
import { Recorder, type RecorderFigures } from "../../recording/recorder.js";
import { openLog } from "../../telemetry/log.js";
import type { LoopEvent } from "../../telemetry/loop-event.js";
import { MonotonicClock } from "../../time/monotonic-clock.js";
import { memoryTransport } from "../../transport/memory.js";
import { bindZeromqNode, connectZeromqClient } from "../../transport/zeromq.js";
import { ViewServer } from "../../view/server.js";
import { logger } from "../loop-log.js";
import { loopStatus } from "../loop-status.js";
import type { StatusLine } from "../terminal.js";

/** A slow network must not end a run of hours. */
const PATIENCE_MS = 600_000;

export interface SoakNodeOptions {
  readonly solver: SolverSettings;
  readonly runtime: Runtime;
  readonly budgets: BudgetSettings;
  /** Over a ZeroMQ socket, instead of in memory. */
  readonly isSocket: boolean;
  readonly isRecorded: boolean;
  /** Where socket, log and recording go. */
  readonly folder: string;
}

/** What the node and its watchers came to. */
export interface SoakNodeFigures extends SoakFigures {
  readonly recording: RecorderFigures | null;
  readonly log_bytes: number;
  /** Events that the live page's clients were too slow for. */
  readonly view_dropped: number;
}

/** A node with all the watchers that a node can have, and a robot's end of the conversation with it. */
export interface SoakNode {
  readonly client: PolicyClient;
  readonly clock: MonotonicClock;
  readonly budgets: string;
  readonly solver: string;
  /** Has the watchers read that are read from time to time. */
  pause(): Promise<void>;
  close(): Promise<SoakNodeFigures>;
}

type Watch = (event: LoopEvent) => void;

/** Log, status line, live page with a page and a tap that read it, metrics, profile and, if asked for, recording. */
export async function openSoakNode(
  bundle: Bundle,
  { solver, runtime, budgets: budgetSettings, isSocket, isRecorded, folder }: SoakNodeOptions,
  status: StatusLine,
): Promise<SoakNode> {
  const plan = resolvePlanSettings(checked(planSettingsSchema, {}), bundle.manifest);
  const budgets = resolveBudgets(budgetSettings, bundle.manifest, plan);
  const watchers: Watch[] = [loopStatus(status, true)];
  const watch: Watch = (event) => {
    for (const each of watchers) each(event);
  };
  const clock = new MonotonicClock();
  const host = await InferenceHost.start(bundle, {
    runtime,
    solver,
    onWorker: (event) => watch({ kind: "worker", at: clock.now(), ...event }),
  });

  const logFile = join(folder, "node.log");
  const log = await openLog(logFile, (text) => status.note(text));
  const profile = new SoakProfile({
    tickMs: budgets.tick,
    warmupTicks: 0,
    limits: bundle.manifest.action,
    maxObservationAgeMs: budgets.maxObservationAge,
  });
  const view = await openView(bundle);
  const recorder = isRecorded
    ? await record(join(folder, "soak.mcap"), bundle, host, { budgets, plan }, status)
    : undefined;
  watchers.push(
    logger(log),
    (event) => profile.watch(event),
    (event) => view.server.watch(event),
    (event) => recorder?.record(event),
  );

  const { transport, robot } = isSocket ? await overSocket(folder) : inMemory();
  const node = new ControlNode(transport, host, { clock, budgets, plan, watch });
  node.start();
  const client = new PolicyClient(robot, "this process", {
    patienceMs: PATIENCE_MS,
    repeatMs: PATIENCE_MS,
  });
  return {
    client,
    clock,
    budgets: describeBudgets(budgets),
    solver: describeSolver(host.settings),
    pause: async () => {
      profile.pause();
      await view.scrape();
    },
    close: async () => {
      await client.close();
      await node.close();
      await clock.close();
      await view.close();
      log.flush();
      const recording = (await recorder?.close()) ?? null;
      const { size } = await stat(logFile);
      return { ...profile.finish(), recording, log_bytes: size, view_dropped: view.server.dropped };
    },
  };
}

function record(
  file: string,
  bundle: Bundle,
  host: InferenceHost,
  { budgets, plan }: { readonly budgets: Budgets; readonly plan: PlanSettings },
  status: StatusLine,
): Promise<Recorder> {
  const setup = { bundle, solver: host.settings, runtime: host.runtime };
  const header = recordingHeader({ ...setup, budgets: { ...budgets }, plan: { ...plan } });
  return Recorder.open(file, header, (text) => status.note(text));
}

function inMemory() {
  const { node, connect } = memoryTransport();
  return { transport: node, robot: connect() };
}

async function overSocket(folder: string) {
  const transport = await bindZeromqNode(`ipc://${join(folder, "node")}`);
  return { transport, robot: connectZeromqClient(transport.address) };
}

/** The live page, with one client of each kind. */
async function openView({ manifest }: Bundle) {
  const server = await ViewServer.open({ address: "127.0.0.1:0", manifest });
  const streams = [
    await request(`${server.address}/events`),
    await request(`${server.address}/events?all=1`),
  ];
  for (const stream of streams) stream.on("error", () => {}).resume();
  return {
    server,
    scrape: async () => {
      const reply = await request(`${server.address}/metrics`);
      reply.resume();
      await once(reply, "end");
    },
    close: async () => {
      for (const stream of streams) stream.destroy();
      await server.close();
    },
  };
}

async function request(address: string): Promise<IncomingMessage> {
  // A connection of its own that ends with the reply: one kept alive would come and go among the handles.
  const [reply] = await once(get(address, { agent: false }), "response");
  return reply as IncomingMessage;
}
