import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { toEpisodePlot } from "../../src/report/plots-data.js";
import { type ReportInput, renderReport } from "../../src/report/report.js";
import type { EpisodeRecord, TickSample } from "../../src/telemetry/episode-record.js";

const tick = (change: Partial<TickSample> = {}): TickSample => ({
  step: 0,
  outcome: "accepted",
  sweeps: 3,
  evaluations: 300,
  residual: 0.01,
  solveMs: 20,
  roundTripMs: 23,
  missed: false,
  ...change,
});

const held: TickSample = {
  step: 16,
  outcome: "hold",
  sweeps: 0,
  evaluations: 0,
  solveMs: 0,
  roundTripMs: 1,
  missed: false,
};

const episode = (change: Partial<EpisodeRecord> = {}): EpisodeRecord => ({
  episode: 0,
  seed: 100_000,
  score: 0.5,
  success: false,
  progress: [0.1, 0.2, 0.3],
  ticks: [tick()],
  roundTripsMs: [1, 1, 1],
  actions: [],
  rungs: { fresh: 1, iterate: 0, rest: 0, hold: 0, stop: 0 },
  deadlineMisses: 0,
  silentSteps: 0,
  heldSteps: 0,
  incidents: [],
  finished: true,
  ...change,
});

const input = (change: Partial<ReportInput> = {}): ReportInput => ({
  title: "PushT",
  summary: [["Success", "1 of 2"]],
  settings: [["Budget", "80 ms"]],
  episodes: [episode()],
  animation: { mimeType: "image/gif", bytes: Uint8Array.of(1, 2, 3, 254), caption: "The last episode" },
  ...change,
});

/** What the browser script parses. */
function embedded(page: string): { episodes: Array<ReturnType<typeof toEpisodePlot>> } {
  const [, json] = /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json);
}

const row = (page: string, number: number) =>
  [...page.matchAll(new RegExp(`<tr><th scope="row">${number}</th>(.*?)</tr>`, "g"))].flatMap(([, cells]) =>
    [...cells.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell.replace(/<[^>]*>/g, "")),
  );

describe("a page of its own", () => {
  const page = renderReport(input());

  test("loads nothing, and has the browser refuse to", () => {
    expect(page).not.toMatch(/(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i);
    expect(page).not.toMatch(/<link|@import|url\(/i);
    expect(page).toContain(`content="default-src 'none'; img-src data:`);
  });

  test("its scripts are valid JavaScript", () => {
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, code]) => code);
    expect(scripts).toHaveLength(2);
    for (const code of scripts) expect(() => new Script(code)).not.toThrow();
  });

  test("every element that the script looks up is there", () => {
    const ids = [...page.matchAll(/(?:getElementById|\bdraw)\("([\w-]+)"/g)].map(([, id]) => id);
    expect(ids).toContain("solve-time");
    for (const id of ids) expect(page).toContain(`id="${id}"`);
  });

  test("holds the animation", () => {
    expect(page).toContain('<img src="data:image/gif;base64,AQID/g==" alt="The last episode">');
  });
});

test("every episode is plotted, tabled and selectable, the last one selected", () => {
  const page = renderReport(
    input({
      episodes: [
        episode({ episode: 4, seed: 7, progress: [0.25, 0.75] }),
        episode({
          episode: 5,
          seed: 8,
          score: 1,
          success: true,
          ticks: [tick({ sweeps: 2, solveMs: 10 }), tick({ step: 8, sweeps: 5, solveMs: 31 }), held],
          deadlineMisses: 2,
          heldSteps: 6,
          silentSteps: 1,
          incidents: [{ step: 16, what: "hold: <the worker> died" }],
        }),
      ],
    }),
  );
  expect(embedded(page).episodes.map(({ label }) => label)).toEqual([
    "Episode 4, seed 7",
    "Episode 5, seed 8",
  ]);
  expect(embedded(page).episodes[0].progress).toEqual([0.25, 0.75]);
  expect(row(page, 4)).toEqual(["7", "0.500", "no", "1", "3.0", "20.0", "0", "0", "0"]);
  expect(row(page, 5)).toEqual(["8", "1.000", "yes", "2", "3.5", "10.0", "2", "6", "1", "16"]);
  expect(page).toContain('<option value="0">4: seed 7, score 0.50</option>');
  expect(page).toContain("hold: &#60;the worker&#62; died");
  expect(page).toContain('<option value="1" selected>5: seed 8, score 1.00</option>');
});

test("hostile text stays text", () => {
  const attack = `"'></script><!--<script>alert(1)</script>&amp;`;
  const escaped =
    "&#34;&#39;&#62;&#60;/script&#62;&#60;!--&#60;script&#62;alert(1)&#60;/script&#62;&#38;amp;";
  const page = renderReport(
    input({
      title: attack,
      summary: [[attack, attack]],
      settings: [[attack, attack]],
      episodes: [episode({ ticks: [tick({ outcome: attack })] })],
      animation: { mimeType: attack, bytes: new Uint8Array(), caption: attack },
    }),
  );
  expect(page).not.toContain("alert(1)</script>");
  expect(page).not.toContain("<!--");
  expect(page.split(escaped)).toHaveLength(1 + 2 + 2 + 2 + 3);
  expect(embedded(page).episodes[0].ticks.outcome).toEqual([attack]);
});

describe("gaps", () => {
  test("ticks are ordered by step, and what is missing or not a number is a gap", () => {
    const { progress, ticks } = toEpisodePlot(
      episode({
        progress: [0.1, Number.NaN, 0.3],
        ticks: [
          held,
          tick({ step: 8, missed: true, residual: Number.POSITIVE_INFINITY }),
          tick({ residual: 0 }),
        ],
      }),
    );
    expect(progress).toEqual([0.1, null, 0.3]);
    expect(ticks).toEqual({
      step: [0, 8, 16],
      sweeps: [3, 3, 0],
      solveMs: [20, 20, null],
      roundTripMs: [23, 23, null],
      residual: [null, null, null],
      outcome: ["accepted", "accepted, missed", "hold"],
      mark: [null, "missed", "held"],
    });
  });

  test.each([
    ["no ticks", []],
    ["only held steps", [held]],
  ])("an episode with %s has dashes for figures", (_, ticks) => {
    const page = renderReport(input({ episodes: [episode({ score: Number.NaN, progress: [], ticks })] }));
    expect(row(page, 0)).toEqual(["100000", "–", "no", "0", "–", "–", "0", "0", "0"]);
    expect(page).not.toMatch(/>(?:NaN|undefined)</);
  });

  test("a run without episodes says so", () => {
    const page = renderReport(input({ episodes: [] }));
    expect(page).toContain("No episode was recorded.");
    expect(embedded(page).episodes).toEqual([]);
  });
});
