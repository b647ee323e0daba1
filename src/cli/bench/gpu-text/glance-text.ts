import type { CrossingRow } from "../../../bench/crossing.js";
import type { GpuBench, NetworkResult, PeerResult } from "../../../bench/gpu/result.js";
import { table } from "../../terminal.js";
import { maybe } from "./figures.js";

/** A line for every network, provider, graph and way of PyTorch: what a reader asks first. */
export function glanceText(runs: readonly GpuBench[]): string {
  const policies = [...new Set(runs.flatMap(({ networks }) => networks.map(({ policy }) => policy)))];
  const batches = runs.flatMap(({ networks }) =>
    networks.flatMap(({ curve }) => curve.map(({ batch }) => batch)),
  );
  if (batches.length === 0) return "nothing was measured";
  const ends = [...new Set([Math.min(...batches), Math.max(...batches)])];
  const heading = [
    "p50, ms",
    ...ends.map((batch) => `call of ${batch}`),
    "DDPM-100",
    "cold",
    "warm 8",
    "warm 1",
    "sweep, looped",
    "in a graph",
    "error p99",
    "from the cpu",
  ];
  const rows = policies.flatMap((policy) => {
    const own = runs.flatMap(({ provider, networks }) =>
      networks.filter((result) => result.policy === policy).map((result) => ({ provider, result })),
    );
    return [
      ...own.map(({ provider, result }) =>
        glanceOf(`${policy}, ${provider}, ${result.graphs}`, result, ends),
      ),
      ...own.flatMap(({ result }) => (result.peer ? glancesOfPeer(policy, result.peer, ends) : [])),
    ];
  });
  const notes = runs.flatMap(({ provider, not_a_measurement }) =>
    not_a_measurement ? [`! ${provider}: ${not_a_measurement}`] : [],
  );
  return [
    "== at a glance: network calls; chunks by DDPM-100 and by semilinear cold and warm after 8 and 1 executed steps; one sweep of all steps",
    table([heading, ...rows]),
    "error: warm 8 from DDPM-100 on the same provider; from the cpu: DDPM-100 on this provider from that of the original on the cpu",
    ...notes,
  ].join("\n");
}

function glanceOf(title: string, { curve, rows, sweeps }: NetworkResult, ends: readonly number[]): string[] {
  const semilinear = (stride: number | null) =>
    rows.find((row) => row.name.startsWith("semilinear") && row.stride === stride);
  const sequential = rows.find(({ name }) => name.startsWith("DDPM"));
  const sweep = (way: CrossingRow["way"]) => {
    const ms = (sweeps?.rows ?? []).flatMap((row) => (row.way === way ? [row.sweep_ms_p50] : []));
    return maybe(ms.length > 0 ? Math.min(...ms) : null);
  };
  const chunks = [sequential, ...[null, 8, 1].map(semilinear)];
  const errors = [semilinear(8)?.error_p99, sequential?.cpu_error_p99];
  return [
    title,
    ...ends.map((end) => maybe(curve.find(({ batch }) => batch === end)?.ms ?? null)),
    ...chunks.map((row) => maybe(row?.ms.p50 ?? null)),
    ...(["loop", "graph"] as const).map(sweep),
    ...errors.map((error) => error?.toFixed(4) ?? "–"),
  ];
}

function glancesOfPeer(policy: string, { rows, calls }: PeerResult, ends: readonly number[]): string[][] {
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  return variants.map((variant) => {
    const call = (end: number) => calls.find((each) => each.variant === variant && each.batch === end);
    const ddpm = rows.find((row) => row.variant === variant && row.rule === "ddpm");
    return [
      `${policy}, PyTorch, ${variant}`,
      ...ends.map((end) => maybe(call(end)?.ms ?? null)),
      maybe(ddpm?.ms?.p50 ?? null),
      ...Array<string>(7).fill(""),
    ];
  });
}
