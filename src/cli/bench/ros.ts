import { text } from "node:stream/consumers";
import { Command } from "commander";
import { ConfigurationError } from "../../policy/errors.js";
import { rosEnvironment } from "../../ros/rclnodejs/environment.js";
import type { Spread } from "../../telemetry/summary.js";
import { privateEndpoint, startParapilot } from "../child.js";
import { shipped, wholeNumber } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";

interface RosFlags {
  readonly episodes: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** What the simulators print, as far as both do. */
interface Played {
  readonly score_mean: number;
  readonly scores: readonly number[];
  readonly steps: number;
  readonly silent_steps: number;
  readonly step_round_trip_ms: Spread;
}

interface Row extends Played {
  readonly transport: "ros2" | "zeromq";
}

export function rosCommand(): Command {
  return new Command("ros")
    .description("the real-time PushT loop over ROS 2 and over ZeroMQ: score, and observation to action")
    .option("--episodes <n>", "episodes over each", wholeNumber(1), 10)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--json", "print one JSON object on standard output")
    .action(benchRos);
}

async function benchRos({ episodes, seed, json }: RosFlags): Promise<void> {
  const { usable, reason, distro, rclnodejs } = rosEnvironment();
  if (!usable) throw new ConfigurationError(reason ?? "ROS 2 cannot be used here");
  const launch = shipped("launch/pusht.yaml");
  const played = ["--episodes", String(episodes), "--seed", String(seed), "--json", "--quiet"];
  const status = new StatusLine();
  status.note(`${episodes} episodes of PushT in real time over each transport, about half a minute each`);
  const ros = await play("ros2", ["ros", launch, "--autostart"], ["ros-sim", "pusht", ...played]);
  const endpoint = ["--endpoint", await privateEndpoint()];
  const zeromq = await play(
    "zeromq",
    ["run", launch, "--quiet", ...endpoint],
    ["sim", "pusht", "--real-time", ...played, ...endpoint],
  );
  status.end();
  const rows = [ros, zeromq];
  const system = { distro, rclnodejs, middleware: process.env.RMW_IMPLEMENTATION ?? "default" };
  if (json) return printJson({ ...system, episodes, seed, rows });
  const cells = rows.map(({ transport, score_mean, steps, silent_steps, step_round_trip_ms: trip }) => [
    transport,
    score_mean.toFixed(3),
    String(steps),
    String(silent_steps),
    ...[trip.p50, trip.p90, trip.p99, trip.max].map((ms) => ms.toFixed(1)),
  ]);
  const heads = ["transport", "score", "steps", "silent", "p50 ms", "p90", "p99", "max"];
  process.stdout.write(`${table([heads, ...cells])}\n`);
}

/** Plays with these two processes. */
async function play(
  transport: Row["transport"],
  node: readonly string[],
  simulator: readonly string[],
): Promise<Row> {
  const serving = startParapilot(node);
  const world = startParapilot(simulator, "pipe");
  try {
    const told = world.process.stdout ? text(world.process.stdout) : Promise.resolve("");
    const first = await Promise.race([serving.ended, world.ended]);
    if (first.name !== simulator[0] || first.code !== 0) {
      throw new ConfigurationError(
        `"parapilot ${first.name}" ended first, ${first.how}; the lines above say why`,
      );
    }
    const { score_mean, scores, steps, silent_steps, step_round_trip_ms } = JSON.parse(await told) as Played;
    return { transport, score_mean, scores, steps, silent_steps, step_round_trip_ms };
  } finally {
    serving.process.kill("SIGINT");
    world.process.kill();
    await Promise.all([serving.ended, world.ended]);
  }
}
