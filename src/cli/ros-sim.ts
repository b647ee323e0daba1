import { once } from "node:events";
import { Command } from "commander";
import type { Episode } from "../../sim/ros/episode.js";
import { PushTNode } from "../../sim/ros/pusht-node.js";
import { type RosSummary, summariseRos } from "../../sim/ros/summary.js";
import { ConfigurationError } from "../policy/errors.js";
import { RosSession } from "../ros/rclnodejs/load.js";
import { MonotonicClock } from "../time/monotonic-clock.js";
import { positiveNumber, wholeNumber } from "./options.js";
import { printJson, StatusLine, table } from "./terminal.js";
import { unblockedOutput } from "./unblocked-output.js";

/** Above, simulated time would pass in leaps that no policy keeps up with. */
const FASTEST = 10;

interface RosSimFlags {
  readonly episodes?: number;
  readonly seed: number;
  readonly clock?: boolean;
  readonly rateFactor: number;
  readonly policyReset: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function rosSimCommand(): Command {
  return new Command("ros-sim")
    .description("put a simulated world on a ROS 2 graph, in real time")
    .argument("[task]", "the world", "pusht")
    .option("--episodes <n>", "end after so many episodes; default: go on until interrupted", wholeNumber(1))
    .option("--seed <n>", "seed of the first episode, the next ones count up", wholeNumber(0), 100_000)
    .option("--clock", "publish /clock and live by it: start the other nodes with use_sim_time")
    .option("--rate-factor <x>", "with --clock: simulated seconds per second", positiveNumber(FASTEST), 1)
    .option(
      "--policy-reset <service>",
      "called before every episode, so that the policy forgets its plan",
      "parapilot/reset",
    )
    .option("--quiet", "no status line; results are still printed")
    .option("--json", "print one JSON object on standard output")
    .addHelpText(
      "after",
      "\nWhat follows --ros-args goes to ROS. Interrupted with Ctrl-C, it prints what there is.\n\nExample, with `parapilot ros launch/pusht.yaml` in another terminal:\n  $ parapilot ros-sim pusht --episodes 10 --ros-args -r __ns:=/lab\n",
    )
    .action(simulate);
}

async function simulate(task: string, flags: RosSimFlags): Promise<void> {
  if (task !== "pusht") {
    throw new ConfigurationError(`on a ROS graph there is no world "${task}"; there is pusht`);
  }
  const { episodes, seed, rateFactor, policyReset } = flags;
  const session = await RosSession.open("pusht", process.argv.slice(2));
  const clock = new MonotonicClock();
  const status = new StatusLine(unblockedOutput(2));
  const world = new PushTNode(session.graph, {
    ...{ seed, clock, policyReset },
    ...(episodes === undefined ? {} : { episodes }),
    ...(flags.clock ? { rateFactor } : {}),
    ...(flags.quiet ? {} : { onStep: (episode) => status.show(progress(episode, episodes)) }),
  });
  try {
    await clock.ready;
    session.spin();
    world.start();
    await Promise.race([world.done, once(process, "SIGINT"), once(process, "SIGTERM")]);
  } finally {
    status.end();
    world.close();
    await session.close();
    await clock.close();
  }
  const records = await world.done;
  const summary = summariseRos(records);
  const time = flags.clock ? `simulated, ${rateFactor} times as fast` : "real";
  if (flags.json) printJson({ task, transport: "ros2", pace: "real-time", time, ...summary, records });
  else if (records.length > 0) process.stdout.write(inWords(summary));
}

function progress({ number, steps, sight }: Episode, episodes: number | undefined): string {
  const of = episodes === undefined ? "" : `/${episodes}`;
  return `episode ${number}${of}  step ${steps}  coverage ${sight.coverage.toFixed(2)}  score ${sight.score.toFixed(2)}`;
}

function inWords({ step_round_trip_ms, command_age_ms, ...rest }: RosSummary): string {
  const rows = Object.entries({ step_round_trip_ms, command_age_ms }).map(
    ([name, { mean: average, p50, p90, p99, max }]) => [
      name.replaceAll("_", " "),
      ...[average, p50, p90, p99, max].map((value) => value.toFixed(1)),
    ],
  );
  return (
    `${table([["per command", "mean", "p50", "p90", "p99", "max"], ...rows])}\n` +
    `mean score ${rest.score_mean.toFixed(3)} of ${rest.scores.length} episodes, ${rest.steps} steps: ` +
    `silent ${rest.silent_steps}, held ${rest.held_steps}; refused commands ${rest.refused_commands}\n`
  );
}
