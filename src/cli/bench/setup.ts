import { Command } from "commander";
import type { Bench } from "../../bench/samplers.js";
import { openNetwork } from "../../inference/policy-network.js";
import type { Runtime } from "../../inference/runtime.js";
import { loadBundle } from "../../policy/bundle.js";
import {
  DEFAULT_POLICY,
  type RuntimeFlags,
  runtimeFrom,
  runtimeOptions,
  wholeNumber,
  worldOption,
} from "../options.js";
import { openWorldOf } from "../worlds.js";

/** Options of every benchmark that runs a policy's network. */
export interface PolicyFlags extends RuntimeFlags {
  readonly policy: string;
  readonly json?: boolean;
}

export function policyBench(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .option("--policy <bundle>", "folder of the policy", DEFAULT_POLICY)
    .option("--json", "print one JSON object on standard output");
  for (const option of runtimeOptions) command.addOption(option);
  return command;
}

/** Options of those in which the policy drives its world. */
export interface WorldFlags extends PolicyFlags {
  readonly world?: string;
}

export function worldBench(name: string, description: string): Command {
  return policyBench(name, description).addOption(worldOption());
}

/** Options of those that measure at states which the policy reaches. */
export interface StateFlags extends WorldFlags {
  readonly states: number;
  readonly seed: number;
  readonly score?: number;
}

export function stateBench(name: string, description: string, states: number): Command {
  return worldBench(name, description)
    .option("--states <n>", "states per rule and stride", wholeNumber(1), states)
    .option("--seed <n>", "seed of the first episode", wholeNumber(0), 100_000)
    .option("--score <episodes>", "also play this many episodes with each, in closed loop", wholeNumber(1));
}

/** A policy that is ready to be measured. */
export interface OpenBench extends Bench {
  readonly runtime: Runtime;
  readonly isCalibrated: boolean;
}

export async function openBench(flags: WorldFlags): Promise<OpenBench> {
  const bundle = await loadBundle(flags.policy);
  const runtime = runtimeFrom(flags);
  const network = await openNetwork(bundle, runtime);
  return {
    bundle,
    runtime,
    network,
    openWorld: () => openWorldOf(bundle.manifest, flags.world),
    isCalibrated: bundle.calibration !== undefined,
  };
}
