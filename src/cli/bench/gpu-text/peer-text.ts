import type { GpuRow, PeerResult } from "../../../bench/gpu/result.js";
import type { Timing } from "../../../bench/gpu/timing.js";
import { table } from "../../terminal.js";
import { maybe, short } from "./figures.js";

/** PyTorch's answers from onnxruntime's, of the order of 1. */
const SAME_NETWORK = 1e-4;

/** What PyTorch took for the same network in the same turns. */
export function peerText(
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

function timingCells(ms: Timing | null): [string, string] {
  return [maybe(ms?.p50 ?? null), maybe(ms?.p90 ?? null)];
}
