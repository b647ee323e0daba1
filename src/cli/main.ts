#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { DivergedError } from "../../sim/mujoco/divergence.js";
import { RefusedError, SilentNodeError } from "../../sim/policy-client.js";
import { ConfigurationError } from "../policy/errors.js";
import { TransportError } from "../transport/transport.js";
import { addCommands, type Commands } from "./commands.js";
import { closeWorlds } from "./opened-worlds.js";
import { withoutRosArgs } from "./ros-args.js";

const { version, description } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as { version: string; description: string };

const argv = withoutRosArgs(process.argv);
const [, , named, part] = argv;

const commands: Commands = {
  demo: async () => (await import("./demo.js")).demoCommand(),
  run: async () => (await import("./run.js")).runCommand(),
  sim: async () => (await import("./sim.js")).simCommand(),
  ros: async () => (await import("./ros.js")).rosCommand(),
  "ros-sim": async () => (await import("./ros-sim.js")).rosSimCommand(),
  eval: async () => (await import("./eval.js")).evalCommand(),
  profile: async () => (await import("./profile.js")).profileCommand(),
  replay: async () => (await import("./replay.js")).replayCommand(),
  bench: async () => (await import("./bench.js")).benchCommand(part),
  demonstrate: async () => (await import("./demonstrate.js")).demonstrateCommand(),
  calibrate: async () => (await import("./calibrate.js")).calibrateCommand(),
  optimize: async () => (await import("./optimize.js")).optimizeCommand(),
  inspect: async () => (await import("./inspect.js")).inspectCommand(),
  doctor: async () => (await import("./doctor.js")).doctorCommand(),
};

const program = new Command("parapilot")
  .description(description)
  .version(version)
  .showHelpAfterError("(add --help for the options)");

try {
  await addCommands(program, commands, named);
  await program.parseAsync(argv);
} catch (error) {
  fail(error);
}
await closeWorlds().catch(fail);

function fail(error: unknown): void {
  const expected = [ConfigurationError, TransportError, SilentNodeError, RefusedError, DivergedError].some(
    (kind) => error instanceof kind,
  );
  process.stderr.write(
    `parapilot: ${expected ? (error as Error).message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}
