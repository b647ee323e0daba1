import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { REPORT_STYLE } from "./report-style.js";

const require = createRequire(import.meta.url);
export const readAsset = (name: string) => readFileSync(require.resolve(`uplot/dist/${name}`), "utf8");

// Has the browser enforce that the page is self-contained.
const CONTENT_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export interface Page {
  /** Plain text. */
  readonly title: string;
  /** HTML of the body, below the title. */
  readonly body: string;
  /** What the script reads as `DATA`. */
  readonly data: unknown;
  /** Runs once the body stands, with uPlot at hand. */
  readonly script: string;
  readonly style?: string;
}

/** One HTML document that opens from disk and loads nothing from anywhere: plots, style and data are inside. */
export function renderPage({ title, body, data, script, style = "" }: Page): string {
  // Without "<" no text in the data can end the element or open a comment.
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}">
<title>${escapeHtml(title)}</title>
<style>${readAsset("uPlot.min.css")}${REPORT_STYLE}${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
<script type="application/json" id="report-data">${json}</script>
<script>${readAsset("uPlot.iife.min.js")}</script>
<script>
"use strict";
const DATA = JSON.parse(document.getElementById("report-data").textContent);
${script}</script>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
