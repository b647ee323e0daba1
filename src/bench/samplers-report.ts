import { escapeHtml, renderPage } from "../report/page.js";
import type { EpisodeResiduals } from "./episode-residuals.js";
import { PUBLISHED, publishedFor } from "./published.js";
import { differenceOf, number, startOf } from "./readme-table.js";
import type { SamplerRow } from "./sampler-row.js";
import { SAMPLER_PLOTS } from "./samplers-plots.js";
import { HINDSIGHT_TOLERANCE } from "./solve-trace.js";

export interface SamplersReport {
  readonly policy: string;
  /** States, runtime: what the figures depend on. */
  readonly conditions: string;
  /** What drove the episode, in words. */
  readonly solver: string;
  readonly rows: readonly SamplerRow[];
  readonly episode: EpisodeResiduals;
}

/** Renders a run of the samplers' benchmark as one self-contained HTML page. */
export function renderSamplersReport(report: SamplersReport): string {
  const { policy, conditions, rows, episode } = report;
  return renderPage({
    title: `Parapilot: samplers on ${policy}`,
    body: `<p>${escapeHtml(conditions)}. Errors are the largest one of the executed actions against the sequential sample of the same rule with the same noise, in units of the action range [-1, 1].</p>
${curveSection(rows)}
${tableSection(rows)}
${verdictSection(rows)}
${episodeSection(report)}
${publishedSection()}`,
    data: { tolerance: HINDSIGHT_TOLERANCE, curves: rows.flatMap(curveData), episode: compact(episode) },
    script: SAMPLER_PLOTS,
    style: STYLE,
  });
}

const STYLE = `
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); column-gap: 20px; }
.choices { display: flex; flex-wrap: wrap; gap: 8px 16px; }
#curve-legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 12px; font-size: 13px; }
#curve-legend button { all: unset; cursor: pointer; display: flex; align-items: center; gap: 6px; }
#curve-legend button:focus-visible { outline: 2px solid var(--accent); border-radius: 3px; }
#curve-legend button[aria-pressed="false"] { opacity: 0.35; }
#curve-legend i { width: 18px; height: 3px; border-radius: 2px; }
#residuals { width: 100%; display: block; margin-top: 10px; }
.table td.text, .table th.text { text-align: left; }
.samplers td { white-space: nowrap; }
.table code { font-size: 12px; color: var(--muted); }
ul { margin: 8px 0 0; padding-left: 20px; font-size: 14px; }
a { color: var(--accent); }
`;

/** One curve per row that has one, under the start that it belongs to. */
function curveData(row: SamplerRow): unknown[] {
  if (!row.curve) return [];
  const { evaluations, error_p50, error_p90 } = row.curve;
  return [{ name: row.name, start: startOf(row), evaluations, error_p50, error_p90 }];
}

/** Two digits are more than a colour shows. */
function compact({ seed, levels, ticks }: EpisodeResiduals): unknown {
  const short = (value: number) => Number(value.toPrecision(2));
  return {
    seed,
    levels,
    ticks: ticks.map(({ step, changes }) => ({ step, changes: changes.map((sweep) => sweep.map(short)) })),
  };
}

function curveSection(rows: readonly SamplerRow[]): string {
  const starts = [...new Set(rows.filter(({ curve }) => curve).map(startOf))];
  const options = starts.map((start) => `<option>${escapeHtml(start)}</option>`).join("");
  return `<section>
<div class="head"><h2>Error</h2><div class="choices">
<label>Start <select id="start" autocomplete="off">${options}</select></label>
<label>Of all states <select id="share" autocomplete="off"><option value="error_p50">median</option><option value="error_p90">90th percentile</option></select></label>
</div></div>
<p>Dashed: the tolerance of ${HINDSIGHT_TOLERANCE}, 1 % of the range. Semi-linear solvers and SRDS are followed beyond their acceptance, the others until it; a solve that has ended keeps its last error. Choose below which to see.</p>
<div class="pair">
<div class="plot"><h3>against sweeps, one batched network call each</h3><div id="by-sweeps" data-height="320"></div></div>
<div class="plot"><h3>against network evaluations</h3><div id="by-evaluations" data-height="320"></div></div>
</div>
<div id="curve-legend"></div>
</section>`;
}

function tableSection(rows: readonly SamplerRow[]): string {
  const hasScores = rows.some(({ score }) => score);
  const headings = [
    "Sampler",
    "Start",
    `Sweeps to ${HINDSIGHT_TOLERANCE}`,
    "p90",
    "Accepted",
    "p90",
    "Evaluations",
    "Error p50",
    "p99",
    "Median, ms",
    ...(hasScores ? ["Score", "To DDPM"] : []),
    "Published",
  ];
  const lines = rows.map((row) => {
    const cells = [
      startOf(row),
      number(row.sweeps_to_tolerance?.mean, 2, row),
      number(row.sweeps_to_tolerance?.p90, 0, row),
      row.sweeps_accepted.mean.toFixed(2),
      String(row.sweeps_accepted.p90),
      row.evals_mean.toFixed(0),
      number(row.error_p50, 4, row),
      number(row.error_p99, 4, row),
      row.ms_p50.toFixed(0),
      ...(hasScores ? [row.score?.mean.toFixed(3) ?? "", row.score ? differenceOf(row) : ""] : []),
      publishedFor(row.name)?.figure ?? "",
    ];
    const title = escapeHtml(row.flags);
    return `<tr><th scope="row" title="${title}">${escapeHtml(row.name)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
  });
  return `<section>
<h2>Samplers</h2>
<p>Sweeps to ${HINDSIGHT_TOLERANCE}: known in hindsight only. Accepted: where the run-time test stopped; errors and times are those at that sweep. <i>Law</i>: exact in law, and so without a distance to any one sample. The options that run a sampler appear on its name.</p>
<div class="table samplers"><table>
<thead><tr>${headings.map((heading) => `<th scope="col">${heading}</th>`).join("")}</tr></thead>
<tbody>${lines.join("\n")}</tbody>
</table></div>
</section>`;
}

function verdictSection(rows: readonly SamplerRow[]): string {
  const lines = rows.flatMap((row) =>
    row.verdicts.map(
      (verdict) =>
        `<li><b>${escapeHtml(row.name)}</b>, ${escapeHtml(startOf(row))}: ${escapeHtml(verdict)}</li>`,
    ),
  );
  return `<section>
<h2>Failure signatures</h2>
${lines.length > 0 ? `<ul>${lines.join("\n")}</ul>` : "<p>None appeared.</p>"}
</section>`;
}

function episodeSection({ solver, episode }: SamplersReport): string {
  const sweeps = Math.max(...episode.ticks.map(({ changes }) => changes.length));
  const options = Array.from({ length: sweeps }, (_, k) => `<option value="${k}">sweep ${k + 1}</option>`);
  return `<section>
<div class="head"><h2>One episode, sweep by sweep</h2><label>Change by <select id="sweep" autocomplete="off"><option value="-1">any sweep, the largest</option>${options.join("")}</select></label></div>
<p>Seed ${episode.seed}, solved by ${escapeHtml(solver)}. Bars: sweeps of each tick. Below: how much the clean prediction of each noise level changed, in units of the action range; the first tick starts cold, and its first sweep has nothing to change.</p>
<canvas id="residuals" height="420"></canvas>
<p id="residual-reading">&nbsp;</p>
</section>`;
}

function publishedSection(): string {
  const rows = PUBLISHED.map(
    ({ contender, task, figure, more, source, link }) =>
      `<tr><th scope="row">${escapeHtml(contender)}</th>${[task, figure, more].map((cell) => `<td class="text">${escapeHtml(cell)}</td>`).join("")}<td class="text"><a href="${escapeHtml(link)}">${escapeHtml(source)}</a></td></tr>`,
  );
  return `<section>
<h2>Published figures</h2>
<p>Of other tasks, networks and machines: they say what to expect, not what should come out here.</p>
<div class="table"><table>
<thead><tr><th scope="col">Sampler</th>${["Task", "Figure", "And", "Source"].map((heading) => `<th scope="col" class="text">${heading}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table></div>
</section>`;
}
