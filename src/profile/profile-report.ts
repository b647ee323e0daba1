import { escapeHtml, renderPage } from "../report/page.js";
import { RUNGS } from "../telemetry/loop-event.js";
import type { Spread } from "./histogram.js";
import { describeTime, duration, milliseconds, overheads } from "./profile-account.js";
import { PROFILE_SCRIPT } from "./profile-plots.js";
import type { ProfilePlots } from "./profile-plots-data.js";
import type { ProfileResult, SlowTick } from "./profile-result.js";
import { PROFILE_STYLE } from "./profile-style.js";
import { STAGES } from "./stage.js";

/** Later sweeps are rare, and a sequential sampler has a hundred. */
const SWEEPS_SHOWN = 12;

/**
 * Renders a profile as one HTML document that opens from disk and loads nothing from anywhere.
 *
 * ```ts
 * const result = profile.finish(context);
 * await writeFile("out/profile.html", renderProfile("Profile of pusht", result, profile.plots()));
 * ```
 */
export function renderProfile(title: string, result: ProfileResult, plots: ProfilePlots): string {
  const hasTicks = result.ticks > 0;
  const body = `<p class="account">${escapeHtml(describeTime(result))}</p>
${tiles(result)}
${hasTicks ? curves(result) + series(plots) : ""}
${stageTable(result)}
${hasTicks ? slowTicks(result) : ""}
${settingsTable(result)}`;
  return renderPage({ title, body, data: plots, script: PROFILE_SCRIPT, style: PROFILE_STYLE });
}

function tiles(result: ProfileResult): string {
  const bad = (count: number) => (count > 0 ? `<span class="bad">${count}</span>` : String(count));
  const shown: Array<readonly [string, string]> = [
    ["ticks", String(result.ticks)],
    ["silent", bad(result.silent_ticks)],
    ["missed", bad(result.missed)],
    ["unsafe", bad(result.unsafe_actions)],
    ["end to end, p50", duration(result.end_to_end_ms.p50)],
    ["end to end, p99", duration(result.end_to_end_ms.p99)],
    ["overhead, p50", duration(result.overhead_us.p50 / 1000)],
    ["overhead, p99", duration(result.overhead_us.p99 / 1000)],
    ...(result.score === null ? [] : [["score", result.score.toFixed(3)] as const]),
  ];
  return `<dl class="tiles">${shown.map(([label, value]) => `<div class="tile"><dt>${label}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

function curves({ omitted_ticks, pace }: ProfileResult): string {
  const correction =
    pace === "lock-step"
      ? "In lock-step the world waits for its action, so that no tick is swallowed."
      : `${omitted_ticks} ticks that stalls swallowed are counted with the latency they would have had.`;
  return `<div class="pair">
<section><h2>From observation to action</h2>
<p>${correction}</p><div class="plot"><div id="end-to-end" data-height="260"></div></div></section>
<section><h2>Overhead</h2>
<p>All that is neither the network nor a wait that the budgets ask for.</p><div class="plot"><div id="overhead" data-height="260"></div></div></section>
</div>`;
}

function series({ series: { ticksPerPoint, residual } }: ProfilePlots): string {
  const sampled =
    ticksPerPoint > 1
      ? ` A point stands for ${ticksPerPoint} ticks: for the worst of them, but for the median.`
      : "";
  const residualPlot = residual.some((value) => value !== null)
    ? `<div class="plot"><h3>Residual per solve, normalised action units</h3><div id="residual" data-height="170"></div></div>`
    : "";
  return `<section><h2>Tick by tick</h2>
<p><span class="bad">● missed</span>: a solve was due and did not make it.${sampled}</p>
<div class="plot"><h3>End to end, ms</h3><div id="latency" data-height="240"></div></div>
<div class="plot"><h3>Where the action came from</h3>${key(RUNGS, "rung")}<div id="rungs" data-height="62"></div></div>
<div class="plot"><h3>Sweeps per solve</h3><div id="sweeps" data-height="150"></div></div>
${residualPlot}</section>`;
}

function stageTable(result: ProfileResult): string {
  const row = (name: string, spread: Spread, kind: string, color: string, scale = 1) => {
    const cells = [spread.p50, spread.p90, spread.p99, spread.p999, spread.max].map(
      (ms) => `<td>${milliseconds(ms * scale)}</td>`,
    );
    const share = Math.min(100, (100 * spread.p50 * scale) / result.tick_ms);
    const segment = `<i style="width:${share.toFixed(3)}%;background:var(--${color})"></i>`;
    return `<tr class="${kind}"><th scope="row">${escapeHtml(name)}</th>${cells.join("")}<td class="wide"><div class="bar">${segment}</div></td></tr>`;
  };
  const stages = Object.entries(result.stages).filter(
    ([name]) => !name.startsWith("sweep ") || Number(name.slice(6)) <= SWEEPS_SHOWN,
  );
  const rows = [
    ...stages.map(([name, spread]) => {
      const isPart = name === "network" || name.startsWith("sweep ");
      return row(name, spread, isPart ? "part" : "", isPart ? "soft" : `stage-${name}`);
    }),
    row("overhead", result.overhead_us, "total", "good", 1e-3),
    ...overheads(result).map(([name, spread]) => row(name, spread, "part", "soft", 1e-3)),
    row("end to end", result.end_to_end_ms, "total", "accent"),
    row("end to end, uncorrected", result.end_to_end_uncorrected_ms, "part", "soft"),
  ];
  return `<section><h2>Stages, ms</h2>
<p>Sweeps and network are parts of the solve; the bar is the median's share of a tick of ${duration(result.tick_ms)}.</p>
<div class="table"><table><thead><tr><th scope="col">Stage</th>${["p50", "p90", "p99", "p99.9", "max"].map((name) => `<th scope="col">${name}</th>`).join("")}<th scope="col" class="left">Share of the tick</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function slowTicks({ worst, culprits, missed }: ProfileResult): string {
  const longest = Math.max(...worst.map((tick) => Math.max(tick.end_to_end_ms, total(tick))));
  const rows = worst.map((tick) => {
    const segment = (name: string, ms: number) =>
      `<i title="${name} ${duration(ms)}" style="width:${((100 * ms) / longest).toFixed(3)}%;background:var(--stage-${name})"></i>`;
    const bar = STAGES.filter((stage) => tick.stages[stage]).map((stage) =>
      segment(stage, tick.stages[stage]),
    );
    const rest = Math.max(0, tick.end_to_end_ms - total(tick));
    return `<tr><th scope="row">${tick.episode} / ${tick.step}</th><td>${milliseconds(tick.end_to_end_ms)}</td><td class="left">${tick.rung}</td><td class="left">${tick.missed ? `<span class="bad">${escapeHtml(tick.culprit ?? "")}</span>` : ""}</td><td class="wide"><div class="bar">${bar.join("")}${segment("rest", rest)}</div></td></tr>`;
  });
  const counts = Object.entries(culprits).map(([name, count]) => `${escapeHtml(name)} ${count}`);
  const by = missed > 0 ? ` All ${missed} missed budgets by what broke them: ${counts.join(", ")}.` : "";
  return `<section><h2>The slowest ticks</h2>
<p>A solve that was missed is shown with the time that it took in the end.${by}</p>
${key([...STAGES, "rest"], "stage")}
<div class="table"><table><thead><tr><th scope="col">Episode / step</th><th scope="col">End to end, ms</th><th scope="col" class="left">Rung</th><th scope="col" class="left">Missed for</th><th scope="col" class="left">Stages</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function settingsTable({
  settings,
  gc,
  event_loop,
  alarm_late_us,
  warmup_ticks,
  refused,
  workers_lost,
}: ProfileResult): string {
  const entries = [
    ...Object.entries(settings),
    ["warm-up", `${warmup_ticks} ticks, in no statistic`],
    [
      "garbage collection",
      `${gc.count} times, ${duration(gc.total_ms)} in all, longest ${duration(gc.max_ms)}`,
    ],
    ...(event_loop
      ? [
          [
            "event loop late by",
            `p50 ${duration(event_loop.p50)}, p99 ${duration(event_loop.p99)}, max ${duration(event_loop.max)}`,
          ],
        ]
      : []),
    [
      "alarms late by",
      `p50 ${duration(alarm_late_us.p50 / 1000)}, p99 ${duration(alarm_late_us.p99 / 1000)}, max ${duration(alarm_late_us.max / 1000)}`,
    ],
    [
      "refused",
      Object.entries(refused)
        .map(([reason, count]) => `${reason} ${count}`)
        .join(", ") || "none",
    ],
    ["workers lost", String(workers_lost)],
  ];
  const rows = entries.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<section><h2>Run</h2><div class="table settings"><table><tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function key(names: readonly string[], kind: string): string {
  const entries = names.map(
    (name) =>
      `<li><i style="background:var(--${kind}-${name})"></i>${kind === "stage" && name === "rest" ? "anything else" : name}</li>`,
  );
  return `<ul class="key">${entries.join("")}</ul>`;
}

function total({ stages }: SlowTick): number {
  return Object.values(stages).reduce((sum, ms) => sum + ms, 0);
}
