import { Command } from "commander";
import { benchRuntime, type RuntimeRow } from "../../bench/runtime.js";
import { loadBundle } from "../../policy/bundle.js";
import { DEFAULT_POLICY } from "../options.js";
import { printJson, StatusLine, table } from "../terminal.js";

export function runtimeCommand(): Command {
  return new Command("runtime")
    .description(
      "time of one network call on the cpu by threads and how they are used: where the defaults come from",
    )
    .option("--policy <bundle>", "folder of the policy", DEFAULT_POLICY)
    .option("--json", "print one JSON object on standard output")
    .action(runtimeBench);
}

async function runtimeBench(flags: { readonly policy: string; readonly json?: boolean }): Promise<void> {
  const bundle = await loadBundle(flags.policy);
  const status = new StatusLine();
  const rows = await benchRuntime(bundle, (what) => status.show(what));
  status.end();
  if (flags.json) return printJson({ policy: bundle.manifest.name, provider: "cpu", rows });
  process.stdout.write(
    `${table([["milliseconds of a call", "threads", "spinning", ...batchesOf(rows)], ...cells(rows)])}\n`,
  );
}

function batchesOf(rows: readonly RuntimeRow[]): string[] {
  return [...new Set(rows.map(({ batch }) => `${batch}`))];
}

/** One line for all batch sizes of a way. */
function cells(rows: readonly RuntimeRow[]): string[][] {
  const lines = new Map<string, string[]>();
  for (const { graphs, way, threads, spin, ms_p50 } of rows) {
    const name = `${graphs} graphs, ${way === "session" ? "one session" : "shards"}`;
    const head = [name, `${threads}`, threads === 1 ? "–" : spin ? "yes" : "no"];
    const line = lines.get(head.join()) ?? head;
    lines.set(head.join(), [...line, ms_p50.toFixed(2)]);
  }
  return [...lines.values()];
}
