import type { CrossingRow } from "../../bench/crossing.js";
import type { GpuBench, GpuRow, NetworkResult, PeerResult } from "../../bench/gpu/result.js";
import type { Timing } from "../../bench/gpu/timing.js";
import { describeRuntime } from "../../inference/runtime.js";
import { table } from "../terminal.js";

/** What a semilinear solve may differ from the sequential sample, of the action range [-1, 1], in 99 of 100. */
const ACCURACY = 0.05;
/** Of operators, in a line. */
const KINDS = 5;
/** PyTorch's answers from onnxruntime's, of the order of 1. */
const SAME_NETWORK = 1e-4;

/** Runs as tables for a terminal: each in detail, and last, where a reader's eye is, all of them side by side. */
export function gpuText(runs: readonly GpuBench[]): string {
  return `${[...runs.map(runText), glanceText(runs)].join("\n\n\n")}\n`;
}

function runText(bench: GpuBench): string {
  const { provider, device, onnxruntime, threads, rates, not_a_measurement, unfinished, networks } = bench;
  const runtime = describeRuntime({ provider, threads, spin: true }).split(", ").slice(0, 2).join(", ");
  const lines = [`${runtime}, ${device ?? "device not named"}, onnxruntime ${onnxruntime}`];
  if (not_a_measurement) lines.push(`! ${not_a_measurement}`);
  if (unfinished) lines.push(`! cut short during ${unfinished}: what follows is what there was by then`);
  if (rates) {
    const { gb_per_s, gflop_per_s, launch_ms, unknown } = rates;
    const matrix = Object.entries(gflop_per_s).map(
      ([name, rate]) => `${name} matrices ${short(rate)} GFLOP/s`,
    );
    const parts = [
      gb_per_s === null ? "" : `memory ${short(gb_per_s)} GB/s`,
      ...matrix,
      launch_ms === null ? "" : `one small operator more ${short(1e3 * launch_ms)} µs`,
    ];
    lines.push(`at most, through onnxruntime: ${parts.filter((part) => part !== "").join(", ")}`);
    lines.push(...unknown.map((what) => `! not known: ${what}`));
  }
  return [lines.join("\n"), ...networks.map(networkText)].join("\n\n");
}

function networkText(result: NetworkResult): string {
  const { policy, graphs, network, weights, failure, rows, peer } = result;
  const title = `== ${policy}, ${graphs}: ${network}${weights === "random" ? " — random weights: only times mean anything" : ""}`;
  return [
    failure ? `${title}\n! failed: ${failure}` : title,
    result.floors.length > 0 ? floorText(result) : "",
    result.parts.length > 0 ? partsText(result) : "",
    result.sweeps ? sweepsText(result.sweeps) : "",
    rows.length > 0 ? [rowsText(rows), replayText(rows), ...accuracyText(rows)].join("\n") : "",
    peer ? peerText(peer, rows) : "",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function floorText({ floors }: NetworkResult): string {
  const heading = [
    "one call, ms",
    "measured",
    "per row",
    "floor",
    "set by",
    "measured/floor",
    "without fusion",
  ];
  const cells = floors.map((floor) => [
    `batch ${floor.rows}`,
    short(floor.measured_ms),
    short(floor.measured_ms / floor.rows),
    maybe(floor.floor_ms),
    floor.floor_ms === null ? "" : floor.floor_ms === floor.matrix_ms ? "products" : "memory",
    maybe(floor.gap, "×"),
    maybe(floor.written_ms),
  ]);
  return [
    table([heading, ...cells]),
    "floor: matrix products, or weights and ends moved once, at the rates above; without fusion: every operator's inputs and outputs moved",
  ].join("\n");
}

function partsText({ parts }: NetworkResult): string {
  const heading = [
    "of one call, ms",
    "all",
    "copies and waiting",
    "operators",
    "starting them",
    "device busy",
  ];
  const cells = parts.map(({ batch, call_ms, copies_ms, profile, launches_ms }) => [
    `batch ${batch}`,
    short(call_ms),
    short(copies_ms),
    `${profile?.operators ?? "?"}`,
    maybe(launches_ms),
    maybe(profile?.device_ms ?? null),
  ]);
  const kinds = parts.flatMap(({ batch, profile }) => {
    if (!profile) return [];
    const shares = Object.entries(profile.host_share).slice(0, KINDS);
    const kinds = shares.map(([kind, share]) => `${kind} ${percent(share)}`);
    return [`the host's time by operator, batch ${batch}: ${kinds.join(", ")}`];
  });
  return [table([heading, ...cells]), ...kinds].join("\n");
}

function sweepsText({ failure, rows }: NonNullable<NetworkResult["sweeps"]>): string {
  if (failure) return `! no sweep within a graph: ${failure}`;
  const heading = ["one sweep of all steps, ms", "all", "of it our own", "an idle call"];
  const cells = rows.map(({ way, sweeps, sweep_ms_p50, host_ms_p50, crossing_ms_p50 }) => [
    way === "loop" ? "our loop around a call" : `${sweeps} in a graph`,
    ...[sweep_ms_p50, host_ms_p50, crossing_ms_p50].map(short),
  ]);
  return table([heading, ...cells]);
}

function rowsText(rows: readonly GpuRow[]): string {
  const sequential = rows.find(({ name }) => name.startsWith("DDPM"));
  const heading = [
    "one chunk, ms",
    "p50",
    "p90",
    "n",
    "network",
    "our own",
    "sweeps",
    "evaluations",
    "error p99",
    "from the cpu",
    "DDPM/this",
  ];
  const cells = rows.map((row) => [
    nameOf(row),
    short(row.ms.p50),
    short(row.ms.p90),
    `${row.ms.n}`,
    short(row.calls.p50),
    maybe(row.own_ms),
    row.sweeps.toFixed(2),
    row.evaluations.toFixed(0),
    row.error_p99 === null ? "" : row.error_p99.toFixed(4),
    row.cpu_error_p99 === null ? "" : row.cpu_error_p99.toFixed(4),
    sequential ? `${short(sequential.ms.p50 / row.ms.p50)}×` : "",
  ]);
  return table([heading, ...cells]);
}

/** Whose calls these are, and whether replaying them is worth a solve. */
function replayText(rows: readonly GpuRow[]): string {
  const from = `network calls of ${[...new Set(rows.map(({ sweeps_from }) => sweeps_from))].join(", ")}`;
  const agreements = rows.flatMap(({ agreement }) => agreement ?? []);
  if (agreements.length === 0) return `${from}, replayed`;
  const range = [Math.min(...agreements), Math.max(...agreements)].map(short).join(" to ");
  return `${from}; replayed alone they take ${range} times as long as in the solves`;
}

function accuracyText(rows: readonly GpuRow[]): string[] {
  return rows
    .filter(({ name, error_p99 }) => name.startsWith("semilinear") && error_p99 !== null)
    .map((row) => {
      const error = row.error_p99 ?? Number.NaN;
      const verdict = error <= ACCURACY ? "within" : "BEYOND";
      return `accuracy, ${nameOf(row)}: error p99 ${error.toFixed(4)} of ${row.ms.n} solves, ${verdict} ${ACCURACY}`;
    });
}

function peerText(
  { failure, greeting, differences, rates, rows, calls }: PeerResult,
  ours: readonly GpuRow[],
): string {
  if (!greeting) return `! no PyTorch peer: ${failure}`;
  const chunk = ours.find(({ name, stride }) => name.startsWith("semilinear") && stride === 8);
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  const batches = [...new Set(calls.map(({ batch }) => batch))];
  const best = (rule: string) =>
    Math.min(...rows.flatMap((row) => (row.rule === rule && row.ms ? [row.ms.p50] : [])));
  const heading = [
    `PyTorch ${greeting.torch}, ms`,
    "DDPM-100",
    "p90",
    "n",
    ...(chunk ? ["/ semilinear warm 8"] : []),
    "DDIM-10",
    "p90",
    ...batches.map((batch) => `call of ${batch}`),
  ];
  const cells = variants.map((variant) => {
    const of = (rule: string) => rows.find((row) => row.variant === variant && row.rule === rule);
    const [ddpm, ddim] = [of("ddpm"), of("ddim")];
    return [
      variant,
      ...timingCells(ddpm?.ms ?? null),
      `${ddpm?.ms?.n ?? 0}`,
      ...(chunk ? [ddpm?.ms ? `${short(ddpm.ms.p50 / chunk.ms.p50)}×` : "–"] : []),
      ...timingCells(ddim?.ms ?? null),
      ...batches.map((batch) =>
        maybe(calls.find((call) => call.variant === variant && call.batch === batch)?.ms ?? null),
      ),
    ];
  });
  const failures = rows
    .filter((row) => row.failure)
    .map((row) => `! ${row.variant}, ${row.rule}: ${row.failure}`);
  const layouts = Object.entries(differences ?? {});
  const isSame = layouts.every(([, difference]) => difference <= SAME_NETWORK);
  const same = layouts.map(([layout, difference]) => `${layout} ${difference.toExponential(1)}`).join(", ");
  const most = Object.entries(rates ?? {}).map(
    ([name, rate]) => `${name.replaceAll("_", " ")} ${short(rate)}`,
  );
  return [
    table([heading, ...cells]),
    ...(chunk && Number.isFinite(best("ddpm"))
      ? [
          `semilinear warm 8 against the peer's best: ${short(best("ddpm") / chunk.ms.p50)}× its DDPM-100, ${short(best("ddim") / chunk.ms.p50)}× its DDIM-10`,
        ]
      : []),
    `peer on ${greeting.device}; largest difference from onnxruntime's answers: ${same || "not checked"}${isSame ? "" : " — NOT THE SAME NETWORK, or coarser arithmetic"}`,
    ...(most.length > 0 ? [`at most, through torch: ${most.join(", ")}`] : []),
    ...(failure ? [`! ${failure}`] : []),
    ...failures,
  ].join("\n");
}

/** A line for every network, provider, graph and way of PyTorch: what a reader asks first. */
function glanceText(runs: readonly GpuBench[]): string {
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

function nameOf({ name, start, stride }: GpuRow): string {
  return stride === null ? `${name}, ${start}` : `${name}, ${start} after ${stride}`;
}

function timingCells(ms: Timing | null): [string, string] {
  return [maybe(ms?.p50 ?? null), maybe(ms?.p90 ?? null)];
}

function maybe(value: number | null, unit = ""): string {
  return value === null ? "–" : `${short(value)}${unit}`;
}

/** Three digits. */
function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
