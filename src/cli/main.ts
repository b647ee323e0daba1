#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { RefusedError, SilentNodeError } from "../../sim/policy-client.js";
import { ConfigurationError } from "../policy/errors.js";
import { TransportError } from "../transport/transport.js";
import { benchCommand } from "./bench.js";
import { calibrateCommand } from "./calibrate.js";
import { demoCommand } from "./demo.js";
import { demonstrateCommand } from "./demonstrate.js";
import { doctorCommand } from "./doctor.js";
import { evalCommand } from "./eval.js";
import { inspectCommand } from "./inspect.js";
import { optimizeCommand } from "./optimize.js";
import { profileCommand } from "./profile.js";
import { replayCommand } from "./replay.js";
import { rosCommand } from "./ros.js";
import { withoutRosArgs } from "./ros-args.js";
import { rosSimCommand } from "./ros-sim.js";
import { runCommand } from "./run.js";
import { simCommand } from "./sim.js";

const { version, description } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as { version: string; description: string };

const program = new Command("parapilot")
  .description(description)
  .version(version)
  .showHelpAfterError("(add --help for the options)");
for (const command of [
  demoCommand,
  runCommand,
  simCommand,
  rosCommand,
  rosSimCommand,
  evalCommand,
  profileCommand,
  replayCommand,
  benchCommand,
  demonstrateCommand,
  calibrateCommand,
  optimizeCommand,
  inspectCommand,
  doctorCommand,
]) {
  program.addCommand(command().showHelpAfterError("(add --help for the options)"));
}

try {
  await program.parseAsync(withoutRosArgs(process.argv));
} catch (error) {
  const expected = [ConfigurationError, TransportError, SilentNodeError, RefusedError].some(
    (kind) => error instanceof kind,
  );
  process.stderr.write(
    `parapilot: ${expected ? (error as Error).message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}
