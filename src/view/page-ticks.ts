/** Plots what the last ticks took: stages as stacked bars against the budgets, residual and sweeps of each chunk. */
export const TICKS_SCRIPT = `
const SHOWN_TICKS = 120;
/** In the order of a tick; the third is the colour's name. */
const STAGES = [
  ["receive", (s) => s.receive, "receive"], ["history", (s) => s.history, "history"], ["queue", (s) => s.queue, "queue"],
  ["normalise", (s) => s.normalise, "normalise"], ["network", (s) => s.network, "network"],
  ["solver", (s) => (isNumber(s.solve) ? Math.max(0, s.solve - (s.network ?? 0)) : undefined), "solver"],
  ["denormalise", (s) => s.denormalise, "denormalise"], ["deliver", (s) => s.deliver, "deliver"],
  ["plan", (s) => s.plan, "stitch"], ["publish", (s) => s.publish, "publish"],
];

function quantile(sorted, q) {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

function tickColumns(ticks) {
  const numbers = Array.from({ length: SHOWN_TICKS }, (_, i) => ticks.at(-1).n - SHOWN_TICKS + 1 + i);
  const known = new Map(ticks.map((tick) => [tick.n, tick]));
  const column = (read) => numbers.map((n) => {
    const value = known.has(n) ? read(known.get(n)) : null;
    return isNumber(value) ? value : null;
  });
  const sums = numbers.map(() => 0);
  const stacked = STAGES.map(([, read]) => numbers.map((n, i) => {
    if (!known.has(n)) return null;
    sums[i] += read(known.get(n).stages) ?? 0;
    return sums[i];
  }));
  return {
    numbers, stacked,
    endToEnd: column((tick) => tick.endToEndMs),
    // A logarithmic scale has no place for an exact solve's zero.
    residual: column((tick) => (tick.isNewPlan && tick.plan.residual > 0 ? tick.plan.residual : null)),
    sweeps: column((tick) => (tick.isNewPlan ? tick.plan.sweeps : null)),
    missed: ticks.filter((tick) => tick.missed).map((tick) => tick.n),
  };
}

class TickPlots {
  constructor({ budgets }) {
    this.budgets = budgets;
    byId("solve-budget-key").hidden = budgets.solveMs === null;
    const bars = uPlot.paths.bars({ size: [0.8, 24], align: 0 });
    const stack = STAGES.map(([, , name]) => ({ stroke: color(name), fill: color(name), width: 0, paths: bars, points: { show: false } }));
    const highest = Math.max(budgets.tickMs, budgets.solveMs ?? 0);
    const line = { stroke: color("ink"), width: 1.5, points: { show: false } };
    const marker = (name) => ({ stroke: color(name), width: 1.5, spanGaps: true, points: { show: true, size: 5, fill: color(name), width: 0 } });
    this.stages = this.chart("stages", 240, [...stack.toReversed(), line], {
      y: { range: (chart, min, max) => [0, 1.12 * Math.max(highest, max || 0)] },
      draw: (chart) => this.drawBudgets(chart),
    });
    const decades = (chart, axis, min, max) =>
      Array.from({ length: Math.round(Math.log10(max / min)) + 1 }, (_, i) => min * 10 ** i);
    this.residual = this.chart("residual-plot", 170, [marker("accent")], {
      y: { distr: 3, range: (chart, min, max) => (min > 0 ? uPlot.rangeLog(min, max, 10, true) : [0.001, 1]) },
      yAxis: { splits: decades },
    });
    this.sweeps = this.chart("sweeps-plot", 170, [{ ...marker("accent"), width: 0, fill: color("accent"), points: { show: false }, paths: bars }], {
      y: { range: (chart, min, max) => [0, 1.15 * (max || 1)] },
      yAxis: { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
    });
  }

  chart(id, height, series, { y, yAxis, draw }) {
    const host = byId(id);
    host.replaceChildren();
    const axis = plotAxis();
    return new uPlot({
      width: host.clientWidth, height, padding: [16, 10, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: (chart, min, max) => [min - 0.5, max + 0.5] }, y },
      axes: [
        { ...axis, grid: { show: false }, size: 26, splits: (chart, i, min, max) =>
            (chart.bbox.width / devicePixelRatio > 6 * LABEL_WIDTH ? [0, 20, 40, 60, 80, 100] : [0, 40, 80]).map((ago) => Math.floor(max) - ago),
          values: (chart, splits) => splits.map((n) => (n === splits[0] ? "now" : n - splits[0] + " ticks")) },
        { ...axis, size: 48, values: (chart, splits) => splits.map((v) => (v == null ? "" : format(v))), ...yAxis },
      ],
      series: [{}, ...series],
      hooks: { draw: draw ? [draw] : [] },
    }, [[], ...series.map(() => [])], host);
  }

  draw({ ticks }) {
    const columns = tickColumns(ticks);
    this.missed = columns.missed;
    // The tallest bar is drawn first, and the lower ones over it.
    this.stages.setData([columns.numbers, ...columns.stacked.toReversed(), columns.endToEnd]);
    this.residual.setData([columns.numbers, columns.residual]);
    this.sweeps.setData([columns.numbers, columns.sweeps]);
    fillTable("stage-table", STAGES.flatMap(([name, read, stage]) => {
      const values = ticks.map((tick) => read(tick.stages)).filter(isNumber);
      if (values.length === 0) return [];
      const sorted = values.toSorted((a, b) => a - b);
      const figures = [values.at(-1), quantile(sorted, 0.5), quantile(sorted, 0.99)];
      return [[{ text: name, heading: true, stage }, ...figures.map(format)]];
    }), "no stages yet");
  }

  drawBudgets(chart) {
    const { ctx, bbox } = chart;
    const level = (value, stroke, dash) => {
      const y = chart.valToPos(value, "y", true);
      ctx.strokeStyle = stroke;
      ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    };
    ctx.save();
    ctx.lineWidth = 2 * devicePixelRatio;
    level(this.budgets.tickMs, color("bad"), [7, 5]);
    if (this.budgets.solveMs !== null) level(this.budgets.solveMs, color("rest"), [2, 4]);
    ctx.fillStyle = color("bad");
    ctx.textAlign = "center";
    ctx.font = 11 * devicePixelRatio + "px system-ui, sans-serif";
    for (const n of this.missed ?? []) {
      const x = chart.valToPos(n, "x", true);
      if (x >= bbox.left) ctx.fillText("▼", x, bbox.top - 3 * devicePixelRatio);
    }
    ctx.restore();
  }

  resize() {
    for (const chart of [this.stages, this.residual, this.sweeps]) {
      chart.setSize({ width: chart.root.parentNode.clientWidth, height: chart.height });
    }
  }

  destroy() {
    for (const chart of [this.stages, this.residual, this.sweeps]) chart.destroy();
  }
}
`;
