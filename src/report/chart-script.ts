/**
 * What the plots of all pages share: `draw(id, columns, series, options)` fills a host element, in the page's colours;
 * `redraw(drawAll)` keeps it right.
 */
export const CHART_SCRIPT = `
let charts = [];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const format = (value) => String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
const shown = (chart, value) => (value == null ? "–" : format(value));
const line = (label, name, more) =>
  ({ label, stroke: color(name), width: 1.5, points: { size: 5, fill: color(name) }, value: shown, ...more });
const wholeSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000];
const decades = { splits: (chart, axis, min, max) =>
  Array.from({ length: Math.round(Math.log10(max / min)) + 1 }, (_, i) => min * 10 ** i) };
const logarithmic = { distr: 3, range: (chart, min, max) => uPlot.rangeLog(min, max, 10, true) };

function draw(id, columns, series, { x = "control step", range, y, xScale, xAxis, xSeries, yAxis, cursor, hooks }) {
  const host = document.getElementById(id);
  const axis = { stroke: color("muted"), font: "12px system-ui, sans-serif",
    grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
  charts.push(new uPlot({
    width: host.clientWidth,
    height: Number(host.dataset.height),
    padding: [18, 12, 0, 0],
    scales: { x: { time: false, range, ...xScale }, y },
    axes: [
      { ...axis, grid: { show: false }, incrs: wholeSteps, label: x, labelFont: axis.font, labelSize: 18, size: 30, ...xAxis },
      { ...axis, size: 56, values: (chart, splits) => splits.map((v) => (v == null ? "" : format(v))), ...yAxis },
    ],
    series: [{ label: "step", value: shown, ...xSeries }, ...series],
    cursor: { drag: { setScale: false }, points: { size: 7 }, ...cursor },
    hooks,
  }, columns, host));
}

function redraw(drawAll) {
  const again = () => {
    for (const chart of charts) chart.destroy();
    charts = [];
    drawAll();
  };
  again();
  addEventListener("resize", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return again;
}
`;
