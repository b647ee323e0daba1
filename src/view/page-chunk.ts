/** Plots each dimension of the action against time: executed past, plan ahead, and the plan that it replaced. */
export const CHUNK_SCRIPT = `
const PAST_STEPS = 32;
const LABEL_WIDTH = 64;
const plotAxis = () => ({ stroke: color("muted"), font: "11px system-ui, sans-serif",
  grid: { stroke: color("line"), width: 1 }, ticks: { show: false } });

/** The plan that is being replaced stays in sight, so that the seam shows. */
function rememberPlan(robot, frame) {
  const tick = robot.ticks.at(-1);
  if (!tick) return;
  const plan = { order: tick.plan?.order, episode: tick.episode, step: tick.step, ahead: frame.ahead };
  if (robot.plan && robot.plan.order !== plan.order) robot.before = robot.plan;
  robot.plan = plan;
}

function chunkColumns(robot, dims, horizon) {
  const now = robot.ticks.at(-1);
  const first = now.step - PAST_STEPS;
  const steps = Array.from({ length: PAST_STEPS + horizon + 1 }, (_, i) => first + i);
  const column = () => steps.map(() => null);
  const dimensions = Array.from({ length: dims }, () => ({ past: column(), plan: column(), before: column() }));
  const fill = (name, step, values) => dimensions.forEach((each, d) => {
    const slot = step - first;
    if (slot >= 0 && slot < steps.length && isNumber(values[d])) each[name][slot] = values[d];
  });
  const rows = (name, step, ahead) => {
    for (let row = 0; row * dims < ahead.length; row++) fill(name, step + row, ahead.slice(row * dims, (row + 1) * dims));
  };
  const past = robot.ticks.filter((tick) => tick.episode === now.episode && tick.step >= first);
  for (const tick of past) fill("past", tick.step, tick.action);
  rows("plan", now.step, robot.frame.ahead);
  if (robot.before?.episode === now.episode) rows("before", robot.before.step, robot.before.ahead);
  const marks = past.filter((tick) => tick.isNewPlan || tick.rung !== "fresh");
  return { steps, dimensions, marks, now: now.step };
}

class ChunkPlots {
  constructor(description) {
    this.description = description;
    this.horizon = 8;
    const host = byId("chunk");
    host.replaceChildren();
    this.charts = description.action.map((action) => {
      const cell = document.createElement("div");
      const title = document.createElement("h3");
      title.textContent = action.name + ", " + action.unit;
      cell.append(title);
      host.append(cell);
      return new uPlot(this.options(action, cell.clientWidth), [[], [], [], []], cell);
    });
  }

  options(action, width) {
    const axis = plotAxis();
    const points = (name, size) => ({ show: true, size, fill: color(name), width: 0 });
    const line = (name, more) => ({ stroke: color(name), width: 2, spanGaps: false, ...more });
    // Steps that a small motion does not make jump.
    const grain = (action.max - action.min) / 16;
    const range = (chart, min, max) => isNumber(min)
      ? [Math.floor((min - grain / 2) / grain) * grain, Math.ceil((max + grain / 2) / grain) * grain]
      : [action.min, action.max];
    const { rateHz } = this.description;
    const seconds = (chart, splits) => splits.map((step) => format((step - (this.columns?.now ?? 0)) / rateHz) + " s");
    return {
      width, height: 150, padding: [8, 10, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: (chart, min, max) => [min, max] }, y: { range } },
      axes: [
        { ...axis, grid: { show: false }, size: 24, values: seconds, splits: (chart) => this.splits(chart) },
        { ...axis, size: 48 },
      ],
      series: [{},
        line("faint", { width: 1.5, points: points("faint", 4) }),
        line("plan", { dash: [5, 3], points: points("plan", 5) }),
        line("accent", { points: points("accent", 5) }),
      ],
      hooks: { drawAxes: [(chart) => this.drawMarks(chart)] },
    };
  }

  /** The axis counts from now, not from the start of the episode. */
  splits(chart) {
    if (!this.columns) return [];
    const { now } = this.columns;
    const labels = chart.bbox.width / devicePixelRatio / LABEL_WIDTH;
    const every = Math.max(1, Math.ceil((PAST_STEPS + this.horizon) / labels / 4)) * 4;
    const marks = [];
    for (let step = now - Math.floor(PAST_STEPS / every) * every; step <= now + this.horizon; step += every) marks.push(step);
    return marks;
  }

  draw(robot) {
    const dims = this.description.action.length;
    // Grows only: a scale that follows the plan's length would breathe at each tick.
    this.horizon = Math.max(this.horizon, robot.frame.ahead.length / dims);
    this.columns = chunkColumns(robot, dims, this.horizon);
    this.charts.forEach((chart, d) => {
      const { past, plan, before } = this.columns.dimensions[d];
      chart.setData([this.columns.steps, before, plan, past]);
    });
  }

  drawMarks(chart) {
    if (!this.columns) return;
    const { ctx, bbox } = chart;
    const at = (step) => chart.valToPos(step, "x", true);
    const half = (at(1) - at(0)) / 2;
    const vertical = (step, stroke, dash) => {
      ctx.strokeStyle = stroke;
      ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(at(step), bbox.top);
      ctx.lineTo(at(step), bbox.top + bbox.height);
      ctx.stroke();
    };
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    for (const { step, rung, isNewPlan } of this.columns.marks) {
      if (rung !== "fresh") {
        ctx.globalAlpha = 0.22;
        ctx.fillStyle = color(rung);
        ctx.fillRect(at(step) - half, bbox.top, 2 * half, bbox.height);
        ctx.globalAlpha = 1;
      }
      if (isNewPlan) vertical(step, color("muted"), [3, 4]);
    }
    vertical(this.columns.now, color("ink"), []);
    ctx.restore();
  }

  resize() {
    for (const chart of this.charts) chart.setSize({ width: chart.root.parentNode.clientWidth, height: 150 });
  }

  destroy() {
    for (const chart of this.charts) chart.destroy();
  }
}
`;
