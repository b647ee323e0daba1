import { Command } from "commander";
import { ConfigurationError } from "../policy/errors.js";
import { privateEndpoint, startParapilot } from "./child.js";
import { shipped, wholeNumber } from "./options.js";

/** A process that has not ended this long after it was asked to is killed. */
const KILL_AFTER_MS = 5000;

export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "run a control node and the PushT simulator as two processes over ZeroMQ, and write a report",
    )
    .option("--episodes <n>", "episodes to play", wholeNumber(1), 3)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--report <file>", "the report to write", "out/report.html")
    .action(demonstrate);
}

async function demonstrate(flags: {
  readonly episodes: number;
  readonly seed: number;
  readonly report: string;
}): Promise<void> {
  const endpoint = await privateEndpoint();
  const node = startParapilot(["run", shipped("launch/pusht.yaml"), "--endpoint", endpoint, "--quiet"]);
  const simulator = startParapilot([
    "sim",
    "pusht",
    "--real-time",
    ...["--endpoint", endpoint, "--report", flags.report],
    ...["--episodes", String(flags.episodes), "--seed", String(flags.seed)],
  ]);
  const children = [node, simulator];
  const interrupted = () => {
    for (const child of children) child.process.kill();
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);

  const first = await Promise.race(children.map((child) => child.ended));
  const late = setTimeout(() => {
    for (const child of children) child.process.kill("SIGKILL");
  }, KILL_AFTER_MS);
  interrupted();
  await Promise.all(children.map((child) => child.ended));
  clearTimeout(late);
  if (first.name !== "sim" || first.code !== 0) {
    throw new ConfigurationError(
      `"parapilot ${first.name}" ended first, ${first.how}; the lines above say why`,
    );
  }
  process.stderr.write(`open ${flags.report} in a browser to see the last episode\n`);
}
