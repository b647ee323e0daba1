import { ConfigurationError } from "../policy/errors.js";
import { Profile } from "../profile/profile.js";
import type { TraceWindow } from "../profile/trace-window.js";
import { followNode, type NodeDescription } from "./node-events.js";
import type { Profiled, ProfileFlags } from "./profile-flags.js";
import { StatusLine } from "./terminal.js";

/** Follows a node that runs elsewhere. */
export async function profileRunning(
  address: string,
  flags: ProfileFlags,
  trace: TraceWindow,
): Promise<Profiled> {
  refuseForAttached(flags);
  const status = new StatusLine();
  let taken: Profile | undefined;
  let described: NodeDescription | undefined;
  status.show(`looking for the node at ${address}`);
  const ended = await followNode(
    address,
    (description) => {
      described = description;
      taken = new Profile({
        tickMs: description.budgets.tickMs,
        warmupTicks: flags.warmup,
        limits: description.action,
        // The node does not tell; its own ladder keeps to it.
        maxObservationAgeMs: null,
      });
    },
    (event) => {
      taken?.watch(event);
      trace.watch(event);
      status.show(`tick ${taken?.ticks ?? 0}/${flags.ticks}`);
      return taken && taken.ticks >= flags.ticks ? "enough" : "more";
    },
  );
  status.end();
  if (!taken || !described || taken.ticks === 0) {
    throw new ConfigurationError(`the node at ${address} went away before a robot had taken a step`);
  }
  if (ended === "gone") status.note(`the node went away after ${taken.ticks} of ${flags.ticks} ticks`);
  const settings = Object.fromEntries(described.settings);
  const result = taken.finish({ score: null, settings, eventLoop: null });
  return { title: `Parapilot: where the time of ${described.name} goes`, profile: taken, result };
}

function refuseForAttached({
  fault,
  realTime,
  budgetSolve,
  budgetObservationAge,
  budgetHold,
}: ProfileFlags): void {
  const flags = {
    "--fault": fault,
    "--real-time": realTime,
    "--budget-solve": budgetSolve,
    "--budget-observation-age": budgetObservationAge,
    "--budget-hold": budgetHold,
  };
  const given = Object.entries(flags).find(([, value]) => value !== undefined);
  if (!given) return;
  throw new ConfigurationError(
    `--attach measures a node as it runs: give ${given[0]} to parapilot run or parapilot sim instead`,
  );
}
