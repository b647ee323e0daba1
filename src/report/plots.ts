import type { EpisodeRecord } from "../telemetry/episode-record.js";
import { CHART_SCRIPT } from "./chart-script.js";
import { toEpisodePlot } from "./plots-data.js";

/** What {@link PLOT_SCRIPT} draws. */
export function plotData(episodes: readonly EpisodeRecord[]): unknown {
  return { episodes: episodes.map(toEpisodePlot) };
}

/** Fills the page's plot hosts (`progress`, `sweeps`, `solve-time`, `residual`) and follows its episode selector. */
// Text, because the build is plain tsc: it copies no assets, and the project's types know no browser.
export const PLOT_SCRIPT = `${CHART_SCRIPT}
const { episodes } = DATA;
const last = episodes.length - 1;
const selector = document.getElementById("episode");
function drawProgress(chosen) {
  const steps = Math.max(2, ...episodes.map((episode) => episode.progress.length));
  const x = Array.from({ length: steps }, (_, step) => step);
  const curves = episodes.map((episode) => x.map((step) => episode.progress[step] ?? null));
  const series = episodes.map(({ label }, i) => {
    if (i === last) return line(label, "accent", { width: 2.5 });
    return i === chosen ? line(label, "ink", { width: 2 }) : line(label, "faint", { class: "unlisted" });
  });
  draw("progress", [x, ...curves, x.map(() => 1)], [
    ...series,
    line("success", "good", { dash: [6, 4], points: { show: false } }),
  ], { range: [0, steps - 1], y: { range: [0, 1.02] } });
}

function drawTicks({ ticks }) {
  const hasTicks = ticks.step.length > 0;
  const hasResidual = ticks.residual.some((value) => value !== null);
  document.getElementById("no-ticks").hidden = hasTicks;
  document.getElementById("tick-plots").hidden = !hasTicks;
  document.getElementById("residual-plot").hidden = !hasResidual;
  if (!hasTicks) return;

  const gaps = ticks.step.slice(1).map((step, i) => step - ticks.step[i]).filter((gap) => gap > 0);
  const spacing = Math.min(...gaps, 8);
  const options = {
    range: [ticks.step[0] - spacing / 2, ticks.step.at(-1) + spacing / 2],
    y: { range: (chart, min, max) => [0, 1.1 * (max || 1)] },
    cursor: { sync: { key: "ticks" } },
    hooks: { drawAxes: [(chart) => drawMarks(chart, ticks, spacing)] },
  };
  const outcome = { label: "outcome", class: "unmarked", paths: () => null, points: { show: false },
    value: (chart, value, series, i) => (i == null ? "–" : ticks.outcome[i]) };
  const fills = ticks.mark.map((mark) => color(mark ? "bad" : "accent"));
  const bars = uPlot.paths.bars({ size: [0.7, 28], disp: { fill: { unit: 3, values: () => fills } } });

  draw("sweeps", [ticks.step, ticks.sweeps, ticks.sweeps], [
    line("sweeps", "accent", { fill: color("accent"), width: 0, paths: bars, points: { show: false } }),
    outcome,
  ], { ...options, yAxis: { incrs: wholeSteps } });
  draw("solve-time", [ticks.step, ticks.roundTripMs, ticks.solveMs], [
    line("round trip, ms", "soft"),
    line("solve, ms", "accent", { width: 2 }),
  ], options);
  if (hasResidual) {
    draw("residual", [ticks.step, ticks.residual], [
      line("residual", "accent"),
    ], { ...options, yAxis: decades, y: logarithmic });
  }
}

function drawMarks({ ctx, bbox, scales, valToPos }, ticks, spacing) {
  const width = Math.max(4 * devicePixelRatio, (0.9 * spacing * bbox.width) / (scales.x.max - scales.x.min));
  ctx.save();
  ctx.fillStyle = color("bad");
  ctx.textAlign = "center";
  ctx.font = 11 * devicePixelRatio + "px system-ui, sans-serif";
  ticks.mark.forEach((mark, i) => {
    if (!mark) return;
    const x = valToPos(ticks.step[i], "x", true);
    ctx.globalAlpha = 0.2;
    ctx.fillRect(x - width / 2, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillText(mark === "missed" ? "▼" : "✕", x, bbox.top - 4 * devicePixelRatio);
  });
  ctx.restore();
}

function drawAll() {
  if (episodes.length === 0) return;
  const chosen = Number(selector.value);
  drawProgress(chosen);
  drawTicks(episodes[chosen]);
}

const drawAgain = redraw(drawAll);
if (selector) selector.addEventListener("change", drawAgain);
`;
