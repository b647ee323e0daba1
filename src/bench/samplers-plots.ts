/**
 * Draws the curves and the heat map of the samplers' page. Text, because the build is plain tsc: it copies no assets, and
 * the project's types know no browser.
 */
export const SAMPLER_PLOTS = `
const { tolerance, curves, episode } = DATA;
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const element = (id) => document.getElementById(id);
const format = (value) => String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
const FONT = "12px system-ui, sans-serif";
const FLOOR = 1e-5;

// A sampler keeps its colour, whatever the start.
const PALETTE = ["#2f6fd0", "#d0453c", "#2b8a57", "#b7860f", "#8f52b5", "#12908f", "#d2722a", "#c93d7c",
  "#6f8f1b", "#5a64c8", "#8a6450", "#6b7680"];
const names = [...new Set(curves.map(({ name }) => name))];
const colorOf = (name) => PALETTE[names.indexOf(name) % PALETTE.length];
const hidden = new Set();
let charts = [];

function drawCurve(id, label, shown, share, columnsOf) {
  const host = element(id);
  const tables = shown.map((curve) => columnsOf(curve, curve[share].map((value) => Math.max(value, FLOOR))));
  const joined = uPlot.join([...tables, ...tables.slice(0, 1).map(([x]) => [x, x.map(() => null)])]);
  const xs = joined[0];
  joined[joined.length - 1] = xs.map(() => tolerance);
  const axis = { stroke: color("muted"), font: FONT, grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
  charts.push(new uPlot({
    width: host.clientWidth,
    height: Number(host.dataset.height),
    padding: [12, 12, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: (chart, min, max) => [0, max] },
      y: { distr: 3, range: (chart, min, max) => uPlot.rangeLog(Math.max(min, FLOOR), Math.max(max, 1), 10, true) },
    },
    axes: [
      { ...axis, grid: { show: false }, label, labelFont: FONT, labelSize: 18, size: 30 },
      { ...axis, size: 56, splits: (chart, at, min, max) =>
        Array.from({ length: Math.round(Math.log10(max / min)) + 1 }, (_, i) => min * 10 ** i),
        values: (chart, splits) => splits.map((v) => (v == null ? "" : v >= 0.001 ? format(v) : v.toExponential(0))) },
    ],
    series: [
      {},
      ...shown.map(({ name }) => ({ label: name, stroke: colorOf(name), width: 2, spanGaps: true,
        points: { show: true, size: 5, fill: colorOf(name) } })),
      { stroke: color("muted"), width: 1.5, dash: [6, 4], spanGaps: true, points: { show: false } },
    ],
    cursor: { drag: { setScale: false }, points: { show: false }, x: false, y: false },
  }, joined, host));
}

function drawCurves() {
  for (const chart of charts) chart.destroy();
  charts = [];
  const started = curves.filter(({ start }) => start === element("start").value);
  const shown = started.filter(({ name }) => !hidden.has(name));
  drawLegend(started);
  if (shown.length === 0) return;
  const share = element("share").value;
  drawCurve("by-sweeps", "sweeps", shown, share, (curve, errors) => [errors.map((_, k) => k + 1), errors]);
  drawCurve("by-evaluations", "evaluations", shown, share, (curve, errors) => distinct(curve.evaluations, errors));
}

// Of two points at the same number of evaluations the later one holds.
function distinct(evaluations, errors) {
  const kept = errors.map((_, k) => k).filter((k) => evaluations[k + 1] !== evaluations[k]);
  return [kept.map((k) => evaluations[k]), kept.map((k) => errors[k])];
}

function drawLegend(started) {
  element("curve-legend").replaceChildren(...started.map(({ name }) => {
    const button = document.createElement("button");
    const swatch = document.createElement("i");
    swatch.style.background = colorOf(name);
    button.append(swatch, name);
    button.setAttribute("aria-pressed", String(!hidden.has(name)));
    button.addEventListener("click", () => {
      if (!hidden.delete(name)) hidden.add(name);
      drawCurves();
    });
    return button;
  }));
}

// From no change to a change as large as the action itself, in decades.
const COLDEST = -4;
const RAMP = [[24, 32, 74], [42, 94, 148], [48, 152, 148], [148, 196, 92], [248, 226, 74]];
function heat(value) {
  const place = value > 0 ? Math.min(1, Math.max(0, 1 - Math.log10(value) / COLDEST)) * (RAMP.length - 1) : 0;
  const k = Math.min(RAMP.length - 2, Math.floor(place));
  const mix = RAMP[k].map((low, c) => Math.round(low + (place - k) * (RAMP[k + 1][c] - low)));
  return "rgb(" + mix.join(",") + ")";
}

const MAP = { left: 56, right: 84, bars: 90, gap: 22, bottom: 40, top: 10 };
const changeOf = ({ changes }, sweep, i) =>
  sweep < 0 ? Math.max(...changes.map((row) => row[i])) : changes[sweep] ? changes[sweep][i] : null;

function drawResiduals() {
  const canvas = element("residuals");
  const [width, height] = [canvas.clientWidth, 420];
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.height = height + "px";
  const ctx = canvas.getContext("2d");
  ctx.scale(scale, scale);
  ctx.font = FONT;
  const { ticks, levels } = episode;
  const sweep = Number(element("sweep").value);
  const inner = width - MAP.left - MAP.right;
  const column = inner / ticks.length;
  const mapTop = MAP.top + MAP.bars + MAP.gap;
  const mapHeight = height - mapTop - MAP.bottom;
  const most = Math.max(...ticks.map(({ changes }) => changes.length));
  const highest = Math.max(...levels);
  const rowHeight = mapHeight / (highest + 1);
  const yOf = (level) => mapTop + (highest - level) * rowHeight;

  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const value of [...new Set([0, Math.round(most / 2), most])]) {
    const y = MAP.top + MAP.bars * (1 - value / most);
    ctx.fillStyle = color("line");
    ctx.fillRect(MAP.left, y, inner, 1);
    ctx.fillStyle = color("muted");
    ctx.fillText(String(value), MAP.left - 8, y);
  }
  ctx.fillStyle = color("accent");
  ticks.forEach(({ changes }, k) => {
    const bar = (MAP.bars * changes.length) / most;
    const thin = Math.min(28, column * 0.7);
    ctx.fillRect(MAP.left + (k + 0.5) * column - thin / 2, MAP.top + MAP.bars - bar, thin, bar);
  });
  ticks.forEach((tick, k) => levels.forEach((level, i) => {
    const value = changeOf(tick, sweep, i);
    if (value === null) return;
    ctx.fillStyle = heat(value);
    // A little larger than the cell: seams between cells would read as lines.
    ctx.fillRect(MAP.left + k * column, yOf(level), Math.max(1, column - 1), rowHeight + 0.6);
  }));
  ctx.fillStyle = color("muted");
  for (let level = 0; level <= highest; level += 25) ctx.fillText(String(level), MAP.left - 8, yOf(level) + rowHeight / 2);
  ctx.fillText(String(highest), MAP.left - 8, yOf(highest) + rowHeight / 2);
  ctx.textAlign = "center";
  const every = Math.max(1, Math.ceil(44 / column));
  ticks.forEach(({ step }, k) => {
    if (k % every === 0) ctx.fillText(String(step), MAP.left + (k + 0.5) * column, mapTop + mapHeight + 12);
  });
  ctx.fillText("control step of the tick", MAP.left + inner / 2, mapTop + mapHeight + 30);
  for (const [text, y] of [["sweeps", MAP.top + MAP.bars / 2], ["noise level", mapTop + mapHeight / 2]]) {
    ctx.save();
    ctx.translate(10, y);
    ctx.rotate(-Math.PI / 2);
    ctx.fillText(text, 0, 0);
    ctx.restore();
  }
  ctx.textAlign = "left";
  const bar = { x: width - MAP.right + 18, width: 14 };
  for (let y = 0; y < mapHeight; y++) {
    ctx.fillStyle = heat(10 ** (COLDEST * (y / mapHeight)));
    ctx.fillRect(bar.x, mapTop + y, bar.width, 1.5);
  }
  ctx.fillStyle = color("muted");
  for (let decade = COLDEST; decade <= 0; decade++) {
    const text = decade === COLDEST ? "≤ 0.0001" : format(10 ** decade);
    ctx.fillText(text, bar.x + bar.width + 5, mapTop + mapHeight * (decade / COLDEST) * 0.97 + 4);
  }

  canvas.onmousemove = ({ offsetX, offsetY }) => {
    const k = Math.floor((offsetX - MAP.left) / column);
    const level = highest - Math.floor((offsetY - mapTop) / rowHeight);
    const tick = ticks[k];
    const i = levels.indexOf(level);
    const value = tick && i >= 0 ? changeOf(tick, sweep, i) : null;
    element("residual-reading").textContent = !tick ? "\\u00a0"
      : "step " + tick.step + ": " + tick.changes.length + " sweeps" +
        (value === null ? "" : ", level " + level + " changed by " + format(value));
  };
}

function drawAll() {
  drawCurves();
  drawResiduals();
}

drawAll();
for (const id of ["start", "share"]) element(id).addEventListener("change", drawCurves);
element("sweep").addEventListener("change", drawResiduals);
addEventListener("resize", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
`;
