import { Command } from "commander";
import { acceptanceCommand } from "./bench/acceptance.js";
import { budgetCommand } from "./bench/budget.js";
import { convergenceCommand } from "./bench/convergence.js";
import { envsCommand } from "./bench/envs.js";
import { gpuCommand } from "./bench/gpu.js";
import { networkCommand } from "./bench/network.js";
import { overheadCommand } from "./bench/overhead.js";
import { plannerCommand } from "./bench/planner.js";
import { rosCommand } from "./bench/ros.js";
import { runtimeCommand } from "./bench/runtime.js";
import { samplersCommand } from "./bench/samplers.js";
import { seamsCommand } from "./bench/seams.js";
import { simCommand } from "./bench/sim.js";
import { soakCommand } from "./bench/soak.js";
import { sweepGraphCommand } from "./bench/sweep-graph.js";
import { tableCommand } from "./bench/table.js";
import { toleranceCommand } from "./bench/tolerance.js";
import { windowCommand } from "./bench/window.js";

export function benchCommand(): Command {
  const command = new Command("bench").description(
    "measure solvers, budgets, seams, the network's runtime, and simulators",
  );
  const parts = [
    samplersCommand,
    tableCommand,
    acceptanceCommand,
    convergenceCommand,
    windowCommand,
    toleranceCommand,
    overheadCommand,
    budgetCommand,
    envsCommand,
    seamsCommand,
    rosCommand,
    runtimeCommand,
    networkCommand,
    gpuCommand,
    sweepGraphCommand,
    plannerCommand,
    simCommand,
    soakCommand,
  ];
  for (const part of parts) command.addCommand(part());
  return command;
}
