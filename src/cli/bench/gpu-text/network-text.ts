import type { GpuRow, NetworkResult } from "../../../bench/gpu/result.js";
import { table } from "../../terminal.js";
import { maybe, nameOf, percent, short } from "./figures.js";
import { peerText } from "./peer-text.js";

/** What a semilinear solve may differ from the sequential sample, of the action range [-1, 1], in 99 of 100. */
const ACCURACY = 0.05;
/** Of operators, in a line. */
const KINDS = 5;

/** All that was measured of one network. */
export function networkText(result: NetworkResult): string {
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
