/** Helpers of the page, and everything on it that is text. */
// Text, because the build is plain tsc: it copies no assets, and the project's types know no browser.
export const FIGURES_SCRIPT = `
const byId = (id) => document.getElementById(id);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const isNumber = (value) => typeof value === "number";
const format = (value) => {
  if (!isNumber(value)) return "–";
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
};
const milliseconds = (value) => (isNumber(value) ? format(value) + " ms" : "–");
const count = (value) => value.toLocaleString("en");
const clockTime = (wall) => new Date(wall).toTimeString().slice(0, 8);
function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return seconds.toFixed(1) + " s";
  if (seconds < 120) return Math.round(seconds) + " s";
  return seconds < 7200 ? Math.round(seconds / 60) + " min" : Math.round(seconds / 3600) + " h";
}

function setText(id, text, isBad = false) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  element.classList.toggle("bad", isBad);
}

function fillTable(id, rows, empty) {
  const body = byId(id).tBodies[0];
  const key = JSON.stringify(rows);
  if (body.dataset.key === key) return;
  body.dataset.key = key;
  body.replaceChildren(...(rows.length > 0 ? rows : [[empty]]).map((cells) => {
    const row = document.createElement("tr");
    for (const cell of cells) {
      const { text, rung, heading, stage } = typeof cell === "string" ? { text: cell } : cell;
      const element = document.createElement(heading ? "th" : "td");
      element.textContent = text;
      if (heading) element.scope = "row";
      if (rung) element.dataset.rung = rung;
      if (stage) element.style.setProperty("--stage", "var(--" + stage + ")");
      row.append(element);
    }
    return row;
  }));
}

const asBad = (value) => [count(value), value > 0];

/** \`now\`: what the node's clock shows, as far as this page can tell; \`wall\` turns its moments into the time of day. */
function showFigures(frame, robot, now, wall) {
  const tick = robot.ticks.at(-1);
  const { transitions, counts } = robot.frame;
  const stand = transitions.at(-1);
  byId("ladder").dataset.rung = tick ? tick.rung : "";
  for (const item of byId("rungs").children) {
    const rung = item.dataset.rung;
    item.classList.toggle("on", tick !== undefined && rung === tick.rung);
    item.textContent = rung + " " + count(counts.rungs[rung]);
  }
  setText("rung", tick ? tick.rung : "–");
  setText("since", stand ? "since " + clockTime(wall(stand.at)) + " (" + span(now - stand.at) + ")" : "no action yet");
  setText("reason", tick ? tick.reason : "");
  setText("step", tick ? tick.episode + " · " + tick.step : "–");
  setText("age", milliseconds(tick?.plan?.ageMs ?? robot.frame.observation?.ageMs));
  setText("end-to-end", milliseconds(tick?.endToEndMs));
  setText("overhead", milliseconds(tick?.overheadMs));
  setText("sweeps", format(tick?.plan?.sweeps));
  setText("residual", format(tick?.plan?.residual));
  setText("missed", ...asBad(counts.missed));
  setText("silent", ...asBad(counts.silent));
  const { solve } = robot.frame;
  setText("solve", solve
    ? "last solve " + solve.outcome + ": residual " + format(solve.residual) + " after " + solve.sweepsMs.length +
      " sweeps of " + solve.sweepsMs.map(format).join(", ") + " ms"
    : "");
  const starts = robot.ticks.filter((each) => each.isNewPlan).map((each) => each.plan.start);
  setText("starts", starts.length > 0
    ? starts.filter((start) => start === "warm").length + " of the last " + starts.length + " started warm"
    : "");
  fillTable("transitions", transitions.toReversed().map((each) =>
    [clockTime(wall(each.at)), { text: each.rung, rung: each.rung }, each.reason]), "nothing yet");
}

function showNode(frame, wall) {
  const { worker, refusals } = frame;
  setText("refused", ...asBad(refusals.reduce((sum, each) => sum + each.count, 0)));
  const isLost = worker.state === "lost";
  setText("worker", isLost || worker.losses === 0 ? worker.state : worker.state + ", lost " + worker.losses + "×", isLost);
  setText("worker-notice", "No inference worker since " + clockTime(wall(worker.at)) + ": " + worker.message);
  byId("worker-notice").hidden = !isLost;
  fillTable("refusals", refusals.map((each) =>
    [clockTime(wall(each.at)), count(each.count) + "×", each.reason, each.message]), "none");
}
`;
