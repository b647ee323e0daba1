import { describeBudgets } from "../control/budgets.js";
import { describeRuntime } from "../inference/runtime.js";
import { describeSolver } from "../inference/settings.js";
import type { Launch } from "../launch/launch.js";
import { recordingHeader } from "../recording/mcap-header.js";
import { Recorder } from "../recording/recorder.js";
import type { LoopEvent } from "../telemetry/loop-event.js";
import { ViewServer } from "../view/server.js";
import type { LaunchedNode } from "./launch-node.js";

/** What a node is made of, for those who watch it. */
export type Watched = Pick<LaunchedNode, "bundle" | "host" | "budgets" | "plan">;

/** Says something to the person at the terminal. */
export type Note = (text: string) => void;

/** Everything that watches a node's events; it can be added to while the node runs. */
export type Watchers = Set<(event: LoopEvent) => void>;

/** Records to `file` from now on; ends with the function that it gives back. */
export async function startRecording(
  file: string,
  { bundle, host, budgets, plan }: Watched,
  watchers: Watchers,
  note: Note,
): Promise<() => Promise<void>> {
  const setup = {
    bundle,
    solver: host.settings,
    runtime: host.runtime,
    budgets: { ...budgets },
    plan: { ...plan },
  };
  const recorder = await Recorder.open(file, recordingHeader(setup), note);
  const watch = (event: LoopEvent) => recorder.record(event);
  watchers.add(watch);
  note(`  recording to ${recorder.file}`);
  return async () => {
    watchers.delete(watch);
    const { written, dropped, bytes } = await recorder.close();
    const lost = dropped > 0 ? `; ${dropped} did not fit through and are missing` : "";
    note(`${recorder.file}: ${written} events, ${(bytes / 1e6).toFixed(1)} MB${lost}`);
  };
}

/** Serves the live page and metrics at `address`, or where they are served by default; ends as a recording does. */
export async function startView(
  address: string | undefined,
  { allow_remote: allowRemote }: Pick<Launch, "allow_remote">,
  { bundle, host, budgets }: Watched,
  watchers: Watchers,
  note: Note,
): Promise<() => Promise<void>> {
  const view = await ViewServer.open({
    ...(address === undefined ? {} : { address }),
    manifest: bundle.manifest,
    run: {
      settings: [
        ["solver", describeSolver(host.settings)],
        ["provider", describeRuntime(host.runtime)],
        ["budgets", describeBudgets(budgets)],
      ],
      budgets: { tickMs: budgets.tick, solveMs: budgets.solve },
    },
    allowRemote,
  });
  const watch = (event: LoopEvent) => view.watch(event);
  watchers.add(watch);
  note(`  watch it at ${view.address}, metrics at ${view.address}/metrics`);
  return () => {
    watchers.delete(watch);
    return view.close();
  };
}
