import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { ConfigurationError } from "../policy/errors.js";
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
  const endpoint = `ipc://${join(await mkdtemp(join(tmpdir(), "parapilot-")), "node")}`;
  const node = parapilot(["run", shipped("launch/pusht.yaml"), "--endpoint", endpoint, "--quiet"]);
  const simulator = parapilot([
    "sim",
    "pusht",
    "--real-time",
    ...["--endpoint", endpoint, "--report", flags.report],
    ...["--episodes", String(flags.episodes), "--seed", String(flags.seed)],
  ]);
  const processes = [node, simulator];
  const interrupted = () => {
    for (const { child } of processes) child.kill();
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);

  const first = await Promise.race(processes.map((one) => one.ended));
  const late = setTimeout(() => {
    for (const { child } of processes) child.kill("SIGKILL");
  }, KILL_AFTER_MS);
  interrupted();
  await Promise.all(processes.map((one) => one.ended));
  clearTimeout(late);
  if (first.name !== "sim" || first.code !== 0) {
    throw new ConfigurationError(
      `"parapilot ${first.name}" ended first, ${first.how}; the lines above say why`,
    );
  }
  process.stderr.write(`open ${flags.report} in a browser to see the last episode\n`);
}

interface Child {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly name: string; readonly code: number | null; readonly how: string }>;
}

function parapilot(args: readonly string[]): Child {
  const main = fileURLToPath(new URL("./main.js", import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "inherit", "inherit"] });
  const name = args[0];
  const ended = once(child, "exit").then(
    ([code, signal]) => ({ name, code, how: signal ? `by ${signal}` : `with code ${code}` }),
    (error: Error) => ({ name, code: null, how: `because ${error.message}` }),
  );
  return { child, ended };
}
