import { type EpisodeRecord, isAnswered } from "../telemetry/episode-record.js";
import { mean, quantile } from "../telemetry/statistics.js";
import { escapeHtml, renderPage } from "./page.js";
import { PLOT_SCRIPT, plotData } from "./plots.js";

/** What a report shows. All texts are plain text; the page escapes them. */
export interface ReportInput {
  readonly title: string;
  /** The figures at the top, already formatted. */
  readonly summary: ReadonlyArray<readonly [label: string, value: string]>;
  /** What the run was made with, already formatted. */
  readonly settings: ReadonlyArray<readonly [label: string, value: string]>;
  readonly episodes: readonly EpisodeRecord[];
  /** The last episode as an animated picture, for example `image/webp`, where there is one. */
  readonly animation?: { readonly mimeType: string; readonly bytes: Uint8Array; readonly caption: string };
}

/**
 * Renders a run as one HTML document that opens from disk and loads nothing from anywhere.
 *
 * ```ts
 * await writeFile("report.html", renderReport({ title: "PushT", summary: [["Success", "9 of 10"]], … }));
 * ```
 */
export function renderReport(input: ReportInput): string {
  const hasEpisodes = input.episodes.length > 0;
  const body = `${summaryTiles(input.summary)}
<div class="side-by-side">
${input.animation ? animationSection(input.animation) : ""}
${progressSection(hasEpisodes)}
</div>
${hasEpisodes ? ticksSection(input.episodes) + episodesSection(input.episodes) + incidentsSection(input.episodes) : ""}
${settingsSection(input.settings)}`;
  return renderPage({ title: input.title, body, data: plotData(input.episodes), script: PLOT_SCRIPT });
}

function summaryTiles(summary: ReportInput["summary"]): string {
  const tiles = summary.map(
    ([label, value]) => `<div class="tile"><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="tiles">${tiles.join("")}</dl>`;
}

function animationSection({ mimeType, bytes, caption }: Required<ReportInput>["animation"]): string {
  const source = `data:${escapeHtml(mimeType)};base64,${Buffer.from(bytes).toString("base64")}`;
  return `<section>
<h2>Last episode</h2>
<figure><img src="${source}" alt="${escapeHtml(caption)}"><figcaption>${escapeHtml(caption)}</figcaption></figure>
</section>`;
}

function progressSection(hasEpisodes: boolean): string {
  const note = hasEpisodes
    ? "How far the task is. Blue is the last episode, dashed is success; an earlier episode chosen below stands out too."
    : "No episode was recorded.";
  return `<section>
<h2>Progress</h2>
<p>${note}</p>
<div id="progress" data-height="300"></div>
</section>`;
}

function ticksSection(episodes: readonly EpisodeRecord[]): string {
  const options = episodes.map((record, i) => {
    const selected = i === episodes.length - 1 ? " selected" : "";
    const text = `${record.episode}: seed ${record.seed}, score ${fixed(record.score, 2)}`;
    return `<option value="${i}"${selected}>${escapeHtml(text)}</option>`;
  });
  return `<section>
<div class="head"><h2>Ticks</h2><label>Episode <select id="episode" autocomplete="off">${options.join("")}</select></label></div>
<p>One mark is one new chunk, or a step that missed one. <span class="bad">▼ missed</span>: cut short by its budget. <span class="bad">✕</span>: no chunk in time; the robot went on with the rest of the old one, or held.</p>
<p id="no-ticks" hidden>This episode has no ticks.</p>
<div id="tick-plots">
<div class="plot"><h3>Sweeps per tick</h3><div id="sweeps" data-height="190"></div></div>
<div class="plot"><h3>Time per tick, ms</h3><div id="solve-time" data-height="220"></div></div>
<div class="plot" id="residual-plot"><h3>Residual per tick, normalised action units</h3><div id="residual" data-height="200"></div></div>
</div>
</section>`;
}

function episodesSection(episodes: readonly EpisodeRecord[]): string {
  const headings = [
    "Episode",
    "Seed",
    "Score",
    "Success",
    "Chunks",
    "Mean sweeps",
    "Median solve, ms",
    "Deadline misses",
    "Held steps",
    "Silent steps",
  ];
  const rows = episodes.map((record) => {
    // Steps without a chunk would pull the solver's figures down.
    const answered = record.ticks.filter(isAnswered);
    const cells = [
      fixed(record.seed, 0),
      fixed(record.score, 3),
      record.success ? "yes" : "no",
      fixed(answered.length, 0),
      fixed(mean(answered.map((tick) => tick.sweeps)), 1),
      fixed(
        quantile(
          answered.map((tick) => tick.solveMs),
          0.5,
        ),
        1,
      ),
      count(record.deadlineMisses),
      count(record.heldSteps),
      count(record.silentSteps),
    ];
    return `<tr><th scope="row">${fixed(record.episode, 0)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  return `<section>
<h2>Episodes</h2>
<div class="table"><table>
<thead><tr>${headings.map((heading) => `<th scope="col">${heading}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table></div>
</section>`;
}

function incidentsSection(episodes: readonly EpisodeRecord[]): string {
  const rows = episodes.flatMap(({ episode, incidents }) =>
    incidents.map(
      ({ step, what }) =>
        `<tr><th scope="row">${fixed(episode, 0)}</th><td>${fixed(step, 0)}</td><td class="text">${escapeHtml(what)}</td></tr>`,
    ),
  );
  if (rows.length === 0) return "";
  return `<section>
<h2>What happened</h2>
<div class="table incidents"><table>
<thead><tr><th scope="col">Episode</th><th scope="col">Step</th><th scope="col" class="text">What</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table></div>
</section>`;
}

function settingsSection(settings: ReportInput["settings"]): string {
  const rows = settings.map(
    ([label, value]) => `<tr><th scope="row">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<section>
<h2>Settings</h2>
<div class="table settings"><table><tbody>${rows.join("\n")}</tbody></table></div>
</section>`;
}

function fixed(value: number | undefined, digits: number): string {
  return value !== undefined && Number.isFinite(value) ? value.toFixed(digits) : "–";
}

function count(value: number): string {
  return value > 0 ? `<span class="bad">${fixed(value, 0)}</span>` : fixed(value, 0);
}
