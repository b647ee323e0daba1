/** Follows the node's event stream through its restarts, keeps what came, and says when nothing comes. */
export const CONNECTION_SCRIPT = `
const RETRY_MS = 1000;
const SILENT_MS = 3000;
const KEPT_TICKS = 240;

const robots = new Map();
let description = null;
let frame = null;
let chosen = null;
let plots = [];
let source = null;
/** By the page's own clock: when the last message came. */
let heardAt = null;
let lostAt = performance.now();
let isDrawing = false;

function connect() {
  source = new EventSource("/events");
  source.addEventListener("hello", ({ data }) => {
    const hello = JSON.parse(data);
    robots.clear();
    if (JSON.stringify(hello.description) !== JSON.stringify(description)) describe(hello.description);
    takeIn(hello.state);
    byId("notice").hidden = true;
  });
  source.onmessage = ({ data }) => takeIn(JSON.parse(data));
  source.onerror = lose;
}

/** Not left to the browser, which gives up for good when a node that is just starting refuses once. */
function lose() {
  source.close();
  if (lostAt === null) lostAt = performance.now();
  setTimeout(connect, RETRY_MS);
  showAges();
  fetch("/healthz").then(({ status }) => {
    if (status !== 200 && status !== 503) return;
    byId("notice").textContent = "The node runs, but takes no more pages: too many are open. Close one of them.";
    byId("notice").hidden = lostAt === null || performance.now() - lostAt < 2 * RETRY_MS;
  }, () => { byId("notice").hidden = true; });
}

function describe(told) {
  description = told;
  document.title = told.name + " · parapilot";
  byId("policy").textContent = told.name;
  byId("scene-card").hidden = told.scene === null;
  byId("settings-card").hidden = told.settings.length === 0;
  fillTable("settings", told.settings.map(([label, value]) => [{ text: label, heading: true }, value]), "");
  rebuild();
}

/** Plots have their colours and sizes from when they were made. */
function rebuild() {
  for (const plot of plots) plot.destroy();
  plots = [];
  draw();
}

function takeIn(news) {
  frame = news;
  heardAt = performance.now();
  lostAt = null;
  const names = new Set(news.robots.map((robot) => robot.name));
  for (const name of robots.keys()) if (!names.has(name)) robots.delete(name);
  for (const each of news.robots) takeInRobot(each);
  if (!robots.has(chosen)) chosen = null;
  chosen ??= news.robots.find((robot) => robot.left === null)?.name ?? news.robots[0]?.name ?? null;
  draw();
}

function takeInRobot(news) {
  const after = news.first + news.ticks.length;
  let robot = robots.get(news.name);
  if (!robot || after < robot.next) {
    robot = { ticks: [], next: 0 };
    robots.set(news.name, robot);
  }
  robot.frame = news;
  news.ticks.forEach((tick, i) => {
    const n = news.first + i;
    if (n < robot.next) return;
    const before = robot.ticks.at(-1);
    robot.ticks.push({ ...tick, n, isNewPlan: tick.plan !== undefined && tick.plan.order !== before?.plan?.order });
  });
  robot.next = after;
  if (robot.ticks.length > KEPT_TICKS) robot.ticks.splice(0, robot.ticks.length - KEPT_TICKS);
  rememberPlan(robot, news);
}

/** At most once per picture of the screen, and not at all while nobody sees it. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    const robot = robots.get(chosen);
    byId("live").hidden = robot === undefined;
    byId("empty").hidden = robot !== undefined || frame === null;
    showRobots();
    showAges();
    if (!robot || robot.ticks.length === 0) return;
    if (plots.length === 0) plots = [new ChunkPlots(description), new TickPlots(description)];
    for (const plot of plots) plot.draw(robot);
    if (description.scene) drawScene(description.scene, robot);
  });
}

function showRobots() {
  const host = byId("robots");
  const entries = [...robots].map(([name, robot]) => ({
    name, rung: robot.ticks.at(-1)?.rung ?? "", text: name + (robot.frame.left === null ? "" : " (left)"), isChosen: name === chosen }));
  const key = JSON.stringify(entries);
  if (host.dataset.key === key) return;
  host.dataset.key = key;
  host.replaceChildren(...entries.map(({ name, rung, text, isChosen }) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.dataset.rung = rung;
    button.setAttribute("aria-pressed", String(isChosen));
    button.addEventListener("click", () => { chosen = name; draw(); });
    return button;
  }));
}

function showAges() {
  const now = performance.now();
  if (lostAt === null && now - heardAt > SILENT_MS) lostAt = heardAt;
  const isLive = lostAt === null;
  const ago = (moment) => clockTime(Date.now() - (now - moment)) + " (" + span(now - moment) + ")";
  document.body.dataset.connection = isLive ? "live" : heardAt === null ? "waiting" : "lost";
  if (frame === null) return setText("connection", "no connection since " + ago(lostAt));
  // While nobody tells the time, the node's clock stands for this page.
  const nodeNow = frame.at + (isLive ? now - heardAt : 0);
  const wall = (at) => Date.now() - (now - heardAt) - (frame.at - at);
  const robot = robots.get(chosen);
  const newest = robot?.ticks.at(-1);
  const age = newest ? nodeNow - newest.at : 0;
  const isStale = age > Math.max(1000, 5000 / description.rateHz);
  document.body.dataset.ticks = isStale ? "stale" : "live";
  const left = robot?.frame.left ?? null;
  const idle = left !== null ? " · robot left at " + clockTime(wall(left)) : " · no tick for " + span(age);
  setText("connection", isLive ? "live" + (isStale || left !== null ? idle : "") : "no connection since " + ago(lostAt));
  showNode(frame, wall);
  if (robot) showFigures(frame, robot, nodeNow, wall);
}

setInterval(showAges, 250);
addEventListener("resize", () => { for (const plot of plots) plot.resize(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild);
connect();
`;
