/** The report's own style sheet. The plots read their colours from the same custom properties. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #1c2126; --muted: #5b6570; --line: #e3e7eb;
  --accent: #2566c8; --soft: #a9c1e6; --faint: #b4bcc5; --good: #22794a; --bad: #cc2f26;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121518; --card: #1a1e22; --ink: #e5e9ed; --muted: #98a3ae; --line: #2b3137;
    --accent: #6ba6fa; --soft: #46648f; --faint: #59636e; --good: #57bd83; --bad: #ff6d62;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 48px; }
h1 { margin: 0 0 18px; font-size: 24px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 16px; }
h3 { margin: 0; font-size: 14px; font-weight: 600; }
section, .tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
section { margin-top: 16px; padding: 16px 18px; min-width: 0; }
p, figcaption { margin: 6px 0 0; color: var(--muted); font-size: 13px; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 0; }
.tile { padding: 10px 14px; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tile dt { color: var(--muted); font-size: 13px; }
.tile dd { margin: 0; font-size: 22px; font-weight: 600; overflow-wrap: anywhere; }

.side-by-side { display: grid; grid-template-columns: minmax(220px, 340px) minmax(0, 1fr); column-gap: 16px; }
figure { margin: 10px 0 0; }
figure img { display: block; width: 100%; max-width: 480px; border-radius: 4px; }
@media (max-width: 819px) { .side-by-side { grid-template-columns: minmax(0, 1fr); } }

.head { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: space-between; }
select { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line);
  border-radius: 6px; padding: 4px 8px; max-width: 100%; }
.bad { color: var(--bad); }
.plot { margin-top: 18px; }
.plot > div, #progress { overflow: hidden; }
.u-legend { margin: 0; padding-left: 52px; text-align: left; font-size: 12px; color: var(--muted);
  font-variant-numeric: tabular-nums; }
.u-legend.u-inline tr { margin-right: 12px; }
.u-legend th { font-weight: 400; }
.u-legend tr:first-child .u-marker, .unmarked .u-marker, .u-legend .unlisted { display: none; }
.u-legend .u-value { color: var(--ink); min-width: 3em; }

.table { overflow-x: auto; margin-top: 8px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.table table { width: 100%; font-size: 14px; }
.table th, .table td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); }
.table thead th { color: var(--muted); font-size: 13px; font-weight: 500; vertical-align: bottom; }
.table tr:last-child > * { border-bottom: 0; }
.table tr > :first-child { padding-left: 0; text-align: left; }
.table tbody th { font-weight: 500; }
.table .text { text-align: left; overflow-wrap: anywhere; }
.settings td { text-align: left; overflow-wrap: anywhere; }
.settings tbody th { color: var(--muted); width: 240px; }
`;
