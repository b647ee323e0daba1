import { type Budgets, resolveBudgets } from "../control/budgets.js";
import { ControlNode } from "../control/node.js";
import { type PlanSettings, resolvePlanSettings } from "../control/plan-settings.js";
import { InferenceHost } from "../inference/host.js";
import type { WorkerFaults } from "../inference/worker-faults.js";
import type { Launch } from "../launch/launch.js";
import { type Bundle, loadBundle } from "../policy/bundle.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { MonotonicClock } from "../time/monotonic-clock.js";
import { checkBindEndpoint } from "../transport/endpoint.js";
import { bindZeromqNode } from "../transport/zeromq.js";

/** A control node that serves robots, with what it is made of. */
export interface LaunchedNode {
  readonly bundle: Bundle;
  readonly host: InferenceHost;
  readonly clock: MonotonicClock;
  readonly budgets: Budgets;
  readonly plan: PlanSettings;
  /** Where robots connect. */
  readonly address: string;
  /** Serves robots from now on; what they send before waits. */
  start(): void;
  close(): Promise<void>;
}

export interface LaunchOptions {
  readonly endpoint?: string;
  readonly faults?: WorkerFaults;
  readonly watch: (event: LoopEvent) => void;
}

/** Loads the policy of a launch file and warms it up, ready to serve robots. */
export async function launchNode(
  launch: Launch,
  { endpoint = launch.endpoint, faults, watch }: LaunchOptions,
): Promise<LaunchedNode> {
  // What can be told at once is told before the network is loaded.
  checkBindEndpoint(endpoint, launch.allow_remote);
  const bundle = await loadBundle(launch.policy);
  const plan = resolvePlanSettings(launch.plan, bundle.manifest);
  const budgets = resolveBudgets(launch.budgets, bundle.manifest, plan);
  const clock = new MonotonicClock();
  const host = await InferenceHost.start(bundle, {
    runtime: launch.runtime,
    solver: launch.solver,
    onWorker: (event) => watch({ kind: "worker", at: clock.now(), ...event }),
    ...(faults ? { faults } : {}),
  }).catch(async (error) => {
    await clock.close();
    throw error;
  });
  try {
    const transport = await bindZeromqNode(endpoint, { allowRemote: launch.allow_remote });
    const node = new ControlNode(transport, host, { clock, budgets, plan, watch });
    const start = () => node.start();
    const close = async () => {
      await node.close();
      await clock.close();
    };
    return { bundle, host, clock, budgets, plan, address: transport.address, start, close };
  } catch (error) {
    await host.close();
    await clock.close();
    throw error;
  }
}
