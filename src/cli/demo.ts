import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { ConfigurationError } from "../policy/errors.js";
import { wholeNumber } from "./options.js";

/** Not the default port, so that the demonstration does not talk to a node that is already running. */
const ENDPOINT = "tcp://127.0.0.1:5572";

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
  const node = parapilot(["run", "launch/pusht.yaml", "--endpoint", ENDPOINT, "--quiet"]);
  const simulator = parapilot([
    "sim",
    "pusht",
    "--real-time",
    ...["--endpoint", ENDPOINT, "--report", flags.report],
    ...["--episodes", String(flags.episodes), "--seed", String(flags.seed)],
  ]);
  const nodeEnded = once(node, "exit");
  const simulatorEnded = once(simulator, "exit");
  const first = await Promise.race([
    nodeEnded.then(([code]) => ({ name: "control node", code })),
    simulatorEnded.then(([code]) => ({ name: "simulator", code })),
  ]);
  simulator.kill();
  node.kill();
  await Promise.all([nodeEnded, simulatorEnded]);
  if (first.name !== "simulator" || first.code !== 0) {
    throw new ConfigurationError(
      `the ${first.name} ended with code ${first.code}; its last lines above say why`,
    );
  }
  process.stderr.write(`open ${flags.report} in a browser to see the last episode\n`);
}

function parapilot(args: readonly string[]): ChildProcess {
  const main = fileURLToPath(new URL("./main.js", import.meta.url));
  return spawn(process.execPath, [main, ...args], { stdio: ["ignore", "inherit", "inherit"] });
}
