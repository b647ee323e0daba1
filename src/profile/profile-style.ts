/** What the profile's page needs beyond the report's style sheet. */
export const PROFILE_STYLE = `
:root {
  --rung-fresh: #58a67a; --rung-iterate: #2566c8; --rung-rest: #e0a526; --rung-hold: #e0662a; --rung-stop: #b3211c;
  --stage-receive: #7a5bc0; --stage-history: #b08ae0; --stage-normalise: #2a9d8f; --stage-queue: #e0a526;
  --stage-solve: #2566c8; --stage-denormalise: #63c2b4; --stage-deliver: #d4723a; --stage-plan: #c2478d;
  --stage-publish: #7b8a2e; --stage-rest: #dfe3e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --rung-fresh: #3f8f64; --rung-iterate: #6ba6fa; --rung-rest: #d9a63a; --rung-hold: #ee7d45; --rung-stop: #ff6d62;
    --stage-receive: #9d80dd; --stage-history: #c4a6ee; --stage-normalise: #43b5a7; --stage-queue: #e3b34d;
    --stage-solve: #5c98f0; --stage-denormalise: #7fd3c6; --stage-deliver: #e58a55; --stage-plan: #db6dab;
    --stage-publish: #a5b454; --stage-rest: #343b42;
  }
}
.account { margin: 0 0 16px; color: var(--ink); font-size: 15px; max-width: 80ch; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); }
.tile dd { font-size: 20px; white-space: nowrap; }
.tile dt { white-space: nowrap; font-size: 12px; }
.tile { padding: 10px 12px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); column-gap: 16px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 14px; margin: 8px 0 0; padding: 0; list-style: none;
  color: var(--muted); font-size: 12px; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
.bar { display: flex; height: 14px; min-width: 180px; border-radius: 3px; overflow: hidden; background: var(--page); }
.bar i { flex: none; height: 100%; }
.part th { padding-left: 16px !important; color: var(--muted); }
.table .wide { width: 38%; }
.table .left, .table td.left { text-align: left; }
.total > * { font-weight: 600; }
`;
