/** What the live page adds to the report's style sheet. Plots read their colours from the same custom properties. */
export const LIVE_STYLE = `
:root {
  --fresh: #22794a; --iterate: #2566c8; --rest: #96690a; --hold: #c2570c; --stop: #cc2f26; --plan: #c2570c;
  --receive: #7b8794; --history: #a3b18a; --queue: #c9a227; --normalise: #6c9a8b; --network: #2566c8;
  --solver: #7fb0f0; --denormalise: #8e6bbf; --deliver: #d08fb2; --stitch: #cc6b2c; --publish: #5b6570;
}
@media (prefers-color-scheme: dark) {
  :root {
    --fresh: #57bd83; --iterate: #6ba6fa; --rest: #e0b23f; --hold: #ff9a4d; --stop: #ff6d62; --plan: #ff9a4d;
    --network: #4d8df0; --solver: #9cc4ff; --publish: #98a3ae;
  }
}
main { padding: 16px 20px 40px; }
header { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; margin-bottom: 12px; }
h1 { margin: 0; font-size: 20px; }
#robots { display: flex; flex-wrap: wrap; gap: 6px; flex: 1; }
#robots button { font: inherit; font-size: 14px; padding: 3px 12px; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: 999px; cursor: pointer; max-width: 100%; overflow-wrap: anywhere; }
#robots button[aria-pressed="true"] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
#robots button[data-rung]::before { content: "●"; margin-right: 6px; }
#connection { margin: 0; font-variant-numeric: tabular-nums; }
#connection::before { content: "●"; margin-right: 6px; color: var(--good); }
body:not([data-connection="live"]) #connection { color: var(--bad); font-weight: 600; }
body:not([data-connection="live"]) #connection::before { color: var(--bad); }
.notice { margin: 0 0 12px; padding: 8px 12px; border-radius: 8px; color: #fff; background: #b3261e; font-size: 15px; }
#empty { font-size: 16px; padding: 24px 0; }
body:not([data-connection="live"]) #live, body[data-ticks="stale"] #live { filter: grayscale(1); opacity: 0.55; }

[data-rung="fresh"] { --now: var(--fresh); } [data-rung="iterate"] { --now: var(--iterate); }
[data-rung="rest"] { --now: var(--rest); } [data-rung="hold"] { --now: var(--hold); }
[data-rung="stop"] { --now: var(--stop); }
#robots button::before { color: var(--now); }
#ladder { margin-top: 0; border-left: 6px solid var(--now, var(--line)); }
#rungs { list-style: none; display: flex; flex-wrap: wrap; gap: 6px; margin: 0; padding: 0; font-size: 13px; }
#rungs li { padding: 1px 10px; border: 1px solid var(--line); border-radius: 999px; color: var(--muted);
  font-variant-numeric: tabular-nums; }
#rungs li.on { background: var(--now); border-color: var(--now); color: var(--card); font-weight: 600; }
.stand { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; margin-top: 6px; min-height: 56px; }
#rung { font-size: 44px; line-height: 1.1; color: var(--now, var(--ink)); min-width: 3.4em; }
.stand div { flex: 1; min-width: 220px; }
.stand p { margin: 0; font-size: 15px; font-variant-numeric: tabular-nums; }
#reason { color: var(--ink); overflow-wrap: anywhere; }

.tiles { margin-top: 12px; display: flex; flex-wrap: wrap; gap: 8px; }
.tile { padding: 6px 12px; flex: 1 1 96px; }
.tile dt { font-size: 12px; line-height: 1.25; }
.tile dd { font-size: 18px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tile dd.bad { color: var(--bad); }
#world { display: grid; grid-template-columns: minmax(0, 1fr); column-gap: 12px; }
#world:has(#scene-card:not([hidden])) { grid-template-columns: minmax(240px, 400px) minmax(0, 1fr); }
.halves { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 12px; }
.beside { display: grid; grid-template-columns: minmax(0, 1fr) 290px; gap: 16px; align-items: start; }
section { margin-top: 12px; padding: 12px 16px; }
.beside .table table { font-size: 13px; } .beside .table td, .beside .table th { padding: 2px 8px; }
#stage-table tbody th::before { content: "■"; margin-right: 6px; color: var(--stage); }
#chunk { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 8px 12px; margin-top: 6px; }
#world:has(#scene-card:not([hidden])) #chunk { grid-template-columns: minmax(0, 1fr); }
#chunk > div, .chart { overflow: hidden; min-width: 0; }
#chunk h3 { font-weight: 500; font-size: 13px; color: var(--muted); }
.key { display: flex; flex-wrap: wrap; gap: 2px 14px; }
.key span::before { content: ""; display: inline-block; width: 18px; height: 0; margin-right: 6px; vertical-align: middle;
  border-top: 2px solid var(--accent); }
.key .plan::before { border-color: var(--plan); } .key .before::before { border-color: var(--faint); }
.key .seam::before { width: 0; height: 12px; border: 0; border-left: 1px dashed var(--muted); }
.key .budget::before { border-top: 2px dashed var(--bad); } .key .solve-budget::before { border-top: 2px dotted var(--rest); }
.key .ink::before { border-color: var(--ink); } .key .bad::before { display: none; }

#scene { display: block; width: 100%; max-width: 400px; margin: 8px auto 0; background: #fff; border-radius: 6px;
  border: 1px solid var(--line); }
#scene .outline { fill: #90ee90; }
#scene .body { stroke: #8fa3b8; fill: none; stroke-linecap: round; stroke-linejoin: round; }
#scene .dot { fill: #5b6f83; } #scene .agent { fill: #4169e1; }
#scene .past { fill: none; stroke: #4169e1; opacity: 0.35; stroke-linejoin: round; }
#scene .plan { fill: none; stroke: #e8590c; opacity: 0.6; stroke-linejoin: round; }
#scene .ahead { fill: #e8590c; } #scene .target { fill: none; stroke: #e00; stroke-linecap: round; }
#live[hidden] ~ .halves .descent { display: none; }
#transitions td, #refusals td { text-align: left; vertical-align: top; font-size: 13px; padding: 4px 10px 4px 0; overflow-wrap: anywhere; }
#transitions td:first-child, #refusals td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
#transitions td[data-rung], #refusals td:nth-child(2), #refusals td:nth-child(3) { white-space: nowrap; }
#transitions td[data-rung] { color: var(--now); font-weight: 600; }
@media (max-width: 760px) {
  main { padding: 10px 10px 32px; } section { padding: 10px 12px; }
  #world, #world:has(#scene-card:not([hidden])), .halves, .beside { grid-template-columns: minmax(0, 1fr); }
  .tiles { gap: 6px; } .settings tbody th { width: 40%; }
  .tile { padding: 5px 8px; flex-basis: 76px; } .tile dd { font-size: 16px; } #rung { font-size: 36px; }
}
`;
