import { Command } from "commander";
import { benchRuntime } from "../../bench/runtime.js";
import { loadBundle } from "../../policy/bundle.js";
import { DEFAULT_POLICY } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";

export function runtimeCommand(): Command {
  return new Command("runtime")
    .description("time of one network call by threads, spinning and batch size: where the defaults come from")
    .option("--policy <bundle>", "folder of the policy", DEFAULT_POLICY)
    .option("--json", "print one JSON object on standard output")
    .action(runtimeBench);
}

async function runtimeBench(flags: { readonly policy: string; readonly json?: boolean }): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const status = new StatusLine();
  const rows = await benchRuntime(bundle, "cpu", (what) => status.show(what));
  status.end();
  if (flags.json) return printJson({ policy: bundle.manifest.name, provider: "cpu", rows });
  const cells = rows.map((row) => [
    `${row.threads}`,
    row.spin ? "yes" : "no",
    `${row.batch}`,
    row.ms_p50.toFixed(2),
  ]);
  process.stdout.write(`${table([["threads", "spinning", "batch", "ms"], ...cells])}\n`);
}
