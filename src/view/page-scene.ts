/** Draws an observation's points, the agent and the plan in the plane of the actions. */
export const SCENE_SCRIPT = `
function svg(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Edges of the shortest tree that joins the points: it brings out the shape of a body whose points have no order. */
function spanningTree(points) {
  const distance = (a, b) => Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1]);
  const inside = [0];
  const outside = points.map((_, i) => i).slice(1);
  const edges = [];
  while (outside.length > 0) {
    let best = null;
    for (const a of inside) {
      for (const b of outside) {
        const length = distance(a, b);
        if (best === null || length < best.length) best = { a, b, length };
      }
    }
    edges.push(best);
    inside.push(best.b);
    outside.splice(outside.indexOf(best.b), 1);
  }
  return edges;
}

function pairs(values, place) {
  const points = [];
  for (let i = 0; i + 1 < values.length; i += 2) {
    if (isNumber(values[i]) && isNumber(values[i + 1])) points.push(place(values[i], values[i + 1]));
  }
  return points;
}

function drawScene(scene, robot) {
  const picture = byId("scene");
  const [left, right] = scene.x;
  const [low, high] = scene.y;
  const size = Math.max(right - left, high - low);
  const unit = size / 512;
  picture.setAttribute("viewBox", [left, low, right - left, high - low].join(" "));
  const place = scene.yDown ? (x, y) => [x, y] : (x, y) => [x, low + high - y];
  const path = (points) => points.map(([x, y]) => x + "," + y).join(" ");
  const disc = ([x, y], radius, name, opacity = 1) =>
    svg("circle", { cx: x, cy: y, r: radius * unit, class: name, opacity });
  const parts = scene.outlines.map((outline) => svg("polygon", { points: path(pairs(outline, place)), class: "outline" }));

  const values = robot.frame.observation?.values ?? [];
  for (const { offset, count } of scene.points) {
    const points = pairs(values.slice(offset, offset + 2 * count), place);
    if (points.length === 1) parts.push(disc(points[0], 15, "agent"));
    if (points.length < 2) continue;
    const edges = spanningTree(points);
    const lengths = edges.map((edge) => edge.length).sort((a, b) => a - b);
    const body = edges.map(({ a, b }) => "M" + points[a].join(" ") + "L" + points[b].join(" ")).join("");
    parts.push(svg("path", { d: body, class: "body", "stroke-width": 0.75 * lengths[lengths.length >> 1] }));
    parts.push(...points.map((point) => disc(point, 4, "dot")));
  }

  const past = robot.ticks.filter((tick) => tick.episode === robot.ticks.at(-1).episode).slice(-32);
  parts.push(svg("polyline", { points: path(past.flatMap((tick) => pairs(tick.action, place))), class: "past", "stroke-width": 3 * unit }));
  const ahead = pairs(robot.frame.ahead, place);
  parts.push(svg("polyline", { points: path(ahead), class: "plan", "stroke-width": 2 * unit }));
  parts.push(...ahead.map((point, i) => disc(point, 4.5, "ahead", 1 - (0.7 * i) / ahead.length)));
  if (ahead.length > 0) {
    const [x, y] = ahead[0];
    const arm = 12 * unit;
    parts.push(svg("path", { class: "target", "stroke-width": 3.5 * unit,
      d: "M" + (x - arm) + " " + y + "h" + 2 * arm + "M" + x + " " + (y - arm) + "v" + 2 * arm }));
  }
  picture.replaceChildren(...parts);
}
`;
