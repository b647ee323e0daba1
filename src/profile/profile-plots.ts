import { CHART_SCRIPT } from "../report/chart-script.js";

/** Fills the profile page's plot hosts from its {@link ProfilePlots}. */
// Text, because the build is plain tsc: it copies no assets, and the project's types know no browser.
export const PROFILE_SCRIPT = `${CHART_SCRIPT}
const { series, rungs } = DATA;
const { tick, ticksPerPoint } = series;

// Over a logarithmic axis of rarity: what is rare is what matters.
function drawCurve(id, curves, unit) {
  const [{ oneIn }] = curves;
  const x = [...new Set(curves.flatMap((curve) => curve.oneIn))].sort((a, b) => a - b);
  const columns = curves.map((curve) => {
    const at = new Map(curve.oneIn.map((value, k) => [value, curve.ms[k] * unit.scale]));
    return x.map((value) => at.get(value) ?? null);
  });
  const percent = (value) => {
    const share = 100 * (1 - 1 / value);
    return share === 0 ? "0 %" : share.toFixed(Math.max(0, Math.round(Math.log10(value)) - 2)) + " %";
  };
  draw(id, [x, ...columns], curves.map(({ label, stroke, dash }) =>
    line(label + ", " + unit.name, stroke, { width: 2, dash, spanGaps: true, points: { show: false } })), {
    x: "share of ticks that are not slower",
    xScale: { distr: 3, range: [1, Math.max(10, oneIn.at(-1))] },
    xAxis: { splits: (chart) => {
      const decade = Math.floor(Math.log10(chart.scales.x.max) + 1e-9);
      return [1, ...(decade < 4 ? [2] : []), ...Array.from({ length: decade }, (_, k) => 10 ** (k + 1))];
    }, values: (chart, splits) => splits.map(percent), filter: (chart, splits) => splits, incrs: undefined },
    xSeries: { label: "share", value: (chart, value) => (value == null ? "–" : percent(value)) },
    y: { range: (chart, min, max) => [0, 1.1 * (max || 1)] },
  });
}

function drawSeries() {
  const spacing = ticksPerPoint;
  const shared = {
    x: "tick",
    range: [-spacing / 2, tick.at(-1) + spacing / 2],
    xSeries: { label: "tick", value: (chart, value) => (value == null ? "–" : String(value)) },
    cursor: { sync: { key: "ticks" } },
  };
  const said = (label, of) => ({ label, class: "unmarked", paths: () => null, points: { show: false },
    value: (chart, value, k, i) => (i == null ? "–" : of(i)) });
  const where = said("episode / step", (i) => series.where[i]);
  const top = Math.max(...series.endToEnd);
  const isWide = top > 10 * Math.max(...series.median.slice().sort((a, b) => a - b).slice(0, Math.ceil(tick.length / 2)));
  const scale = isWide
    ? { y: logarithmic, yAxis: decades }
    : { y: { range: (chart, min, max) => [0, 1.1 * (max || 1)] } };
  const latency = ticksPerPoint === 1
    ? [line("end to end, ms", "accent", { points: { show: false } })]
    : [line("slowest of " + ticksPerPoint + " ticks, ms", "accent", { points: { show: false } }),
       line("median, ms", "soft", { width: 1, points: { show: false } })];
  draw("latency", [tick, series.endToEnd, ...(ticksPerPoint === 1 ? [] : [series.median]), series.endToEnd], [
    ...latency, where,
  ], { ...shared, ...scale, hooks: { draw: [drawMisses] } });

  draw("rungs", [tick, series.rung], [
    said("rung", (i) => rungs[series.rung[i]]),
  ], { ...shared, xAxis: { show: false }, y: { range: [0, 1] }, yAxis: { values: () => [], grid: { show: false } },
    hooks: { draw: [drawRungs] } });

  draw("sweeps", [tick, series.sweeps], [
    line("sweeps", "accent", { stroke: null, points: { show: true, size: 4, fill: color("accent"), stroke: color("accent") }, paths: () => null }),
  ], { ...shared, y: { range: (chart, min, max) => [0, 1.15 * (max || 1)] }, yAxis: { incrs: wholeSteps } });
  if (series.residual.some((value) => value !== null)) {
    draw("residual", [tick, series.residual], [
      line("residual", "accent", { stroke: null, points: { show: true, size: 4, fill: color("accent"), stroke: color("accent") }, paths: () => null }),
    ], { ...shared, y: logarithmic, yAxis: decades });
  }
}

function drawMisses({ ctx, bbox, valToPos }) {
  ctx.save();
  ctx.fillStyle = color("bad");
  const size = 4 * devicePixelRatio;
  series.missed.forEach((missed, i) => {
    if (!missed) return;
    const x = valToPos(tick[i], "x", true);
    const y = valToPos(series.endToEnd[i], "y", true);
    ctx.beginPath();
    ctx.arc(x, y, size * 0.8, 0, 2 * Math.PI);
    ctx.fill();
    ctx.fillRect(x - devicePixelRatio / 2, bbox.top - 2 * size, devicePixelRatio, 1.5 * size);
  });
  ctx.restore();
}

function drawRungs({ ctx, bbox, valToPos }) {
  ctx.save();
  series.rung.forEach((rung, i) => {
    const from = valToPos(tick[i] - ticksPerPoint / 2, "x", true);
    const to = valToPos(tick[i] + ticksPerPoint / 2, "x", true);
    ctx.fillStyle = color("rung-" + rungs[rung]);
    // A single bad tick among thousands is to be seen.
    const width = Math.max(to - from + 0.5, rung > 0 ? 2 * devicePixelRatio : 0);
    ctx.fillRect(from, bbox.top, width, bbox.height);
  });
  ctx.restore();
}

redraw(() => {
  if (tick.length === 0) return;
  const isCorrected = DATA.endToEnd.oneIn.at(-1) !== DATA.uncorrected.oneIn.at(-1);
  drawCurve("end-to-end", [
    { label: isCorrected ? "with swallowed ticks" : "end to end", stroke: "accent", ...DATA.endToEnd },
    ...(isCorrected ? [{ label: "without", stroke: "muted", dash: [6, 4], ...DATA.uncorrected }] : []),
  ], { name: "ms", scale: 1 });
  drawCurve("overhead", [{ label: "overhead", stroke: "good", ...DATA.overhead }], { name: "µs", scale: 1000 });
  drawSeries();
});
`;
