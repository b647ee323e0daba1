import { RUNGS } from "../telemetry/loop-event.js";

const TILES = [
  ["step", "episode · step"],
  ["age", "observation age"],
  ["end-to-end", "end to end"],
  ["overhead", "overhead"],
  ["sweeps", "sweeps"],
  ["residual", "residual"],
  ["missed", "missed"],
  ["silent", "silent"],
  ["refused", "refused"],
  ["worker", "worker"],
] as const;

/** What the scripts fill; every text goes in as text, never as markup. */
export const LIVE_BODY = `<main>
<header><h1 id="policy">parapilot</h1><div id="robots" role="group" aria-label="Robot"></div><p id="connection" role="status">connecting</p></header>
<p id="notice" class="notice" role="alert" hidden></p>
<p id="worker-notice" class="notice" role="alert" hidden></p>
<p id="empty" hidden>No robot has connected yet.</p>
<div id="live" hidden>
<section id="ladder">
<ol id="rungs">${RUNGS.map((rung) => `<li data-rung="${rung}">${rung}</li>`).join("")}</ol>
<div class="stand"><strong id="rung">–</strong><div><p id="since"></p><p id="reason"></p></div></div>
</section>
<dl class="tiles">${TILES.map(([id, label]) => `<div class="tile"><dt>${label}</dt><dd id="${id}">–</dd></div>`).join("")}</dl>
<div id="world">
<section id="scene-card" hidden><h2>Scene</h2><svg id="scene" role="img" aria-label="Observation and plan in the plane of the actions"></svg></section>
<section><h2>Chunk</h2>
<p class="key"><span class="past">executed</span><span class="plan">plan</span><span class="before">plan before the seam</span><span class="seam">seam</span></p>
<div id="chunk"></div></section>
</div>
<section><h2>Time per tick, ms</h2>
<p class="key"><span class="budget">tick budget</span><span class="solve-budget" id="solve-budget-key" hidden>solve budget</span><span class="ink">end to end</span><span class="bad">▼ missed</span></p>
<div class="beside"><div id="stages" class="chart"></div><div class="table"><table id="stage-table"><thead><tr><th scope="col">Stage, ms</th><th scope="col">last</th><th scope="col">p50</th><th scope="col">p99</th></tr></thead><tbody></tbody></table></div></div>
</section>
<div class="halves">
<section><h2>Residual per chunk</h2><p id="solve"></p><div id="residual-plot" class="chart"></div></section>
<section><h2>Sweeps per chunk</h2><p id="starts"></p><div id="sweeps-plot" class="chart"></div></section>
</div>
</div>
<div class="halves">
<section class="descent"><h2>Ladder</h2><div class="table"><table id="transitions"><tbody></tbody></table></div></section>
<section><h2>Refused messages</h2><div class="table"><table id="refusals"><tbody></tbody></table></div></section>
</div>
<section id="settings-card" hidden><h2>Settings</h2><div class="table settings"><table id="settings"><tbody></tbody></table></div></section>
</main>`;
