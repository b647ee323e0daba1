import { Command } from "commander";
import { addCommands, type Commands } from "./commands.js";

const parts: Commands = {
  samplers: async () => (await import("./bench/samplers.js")).samplersCommand(),
  table: async () => (await import("./bench/table.js")).tableCommand(),
  acceptance: async () => (await import("./bench/acceptance.js")).acceptanceCommand(),
  convergence: async () => (await import("./bench/convergence.js")).convergenceCommand(),
  window: async () => (await import("./bench/window.js")).windowCommand(),
  tolerance: async () => (await import("./bench/tolerance.js")).toleranceCommand(),
  overhead: async () => (await import("./bench/overhead.js")).overheadCommand(),
  budget: async () => (await import("./bench/budget.js")).budgetCommand(),
  envs: async () => (await import("./bench/envs.js")).envsCommand(),
  seams: async () => (await import("./bench/seams.js")).seamsCommand(),
  ros: async () => (await import("./bench/ros.js")).rosCommand(),
  runtime: async () => (await import("./bench/runtime.js")).runtimeCommand(),
  network: async () => (await import("./bench/network.js")).networkCommand(),
  gpu: async () => (await import("./bench/gpu.js")).gpuCommand(),
  "sweep-graph": async () => (await import("./bench/sweep-graph.js")).sweepGraphCommand(),
  planner: async () => (await import("./bench/planner.js")).plannerCommand(),
  sim: async () => (await import("./bench/sim.js")).simCommand(),
  soak: async () => (await import("./bench/soak.js")).soakCommand(),
};

/** @param part that is to run; all of them are there otherwise. */
export async function benchCommand(part: string | undefined): Promise<Command> {
  const command = new Command("bench").description(
    "measure solvers, budgets, seams, the network's runtime, and simulators",
  );
  await addCommands(command, parts, part);
  return command;
}
