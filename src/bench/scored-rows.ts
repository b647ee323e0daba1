import type { World } from "../../sim/world.js";
import type { Runtime } from "../inference/runtime.js";
import type { Bundle } from "../policy/bundle.js";
import { summarise } from "../telemetry/summary.js";
import { playClosedLoop } from "./closed-loop.js";
import { type Contender, optionsFor } from "./contenders.js";
import { failureSignatures } from "./failure-signatures.js";
import type { SamplerRow } from "./sampler-row.js";
import { comparedTo, type Score, scoreOf } from "./score.js";

export interface Exam {
  readonly world: World;
  readonly bundle: Bundle;
  readonly runtime: Runtime;
  readonly episodes: number;
  readonly seed: number;
}

/**
 * Plays the world with every contender, from each start in which it is to be scored and was measured, and adds the
 * scores to its rows. A warm row is scored if its stride is the one that the loop executes.
 */
export async function scoreRows(
  rows: readonly SamplerRow[],
  contenders: readonly Contender[],
  { world, bundle, runtime, episodes, seed }: Exam,
  progress: (what: string) => void,
): Promise<SamplerRow[]> {
  const scored: SamplerRow[] = [];
  for (const row of rows) {
    const contender = contenders.find(({ name }) => name === row.name);
    const isPlayed = row.start === "cold" || row.stride === bundle.manifest.n_action_steps;
    if (contender?.scored.includes(row.start) && isPlayed) {
      // Blended, the actions would not be the sampler's.
      const plan = { blend: "none" } as const;
      const loop = { solver: optionsFor(contender, row.start), runtime, episodes, seed, plan };
      const { records } = await playClosedLoop([world], bundle, loop, (what) =>
        progress(`${row.name}, ${row.start}: ${what}`),
      );
      scored.push({ ...row, score: scoreOf(seed, summarise(records)) });
    } else scored.push(row);
  }
  return compareScores(scored, bundle.manifest.diffusion.levels);
}

/** The rows with their scores set against sequential DDPM over all levels, and judged anew. */
export function compareScores(rows: readonly SamplerRow[], levels: number): SamplerRow[] {
  const isReference = ({ solver, rule, steps }: SamplerRow) =>
    solver === "sequential" && rule === "ddpm" && steps === levels;
  const reference: Score | undefined = rows.find(isReference)?.score;
  return rows.map((row) => {
    if (!row.score) return row;
    const judged = { ...row, score: isReference(row) ? row.score : comparedTo(reference, row.score) };
    return { ...judged, verdicts: failureSignatures(judged) };
  });
}
