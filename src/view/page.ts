import { createHash } from "node:crypto";
import { readAsset } from "../report/page.js";
import { REPORT_STYLE } from "../report/report-style.js";
import { LIVE_BODY } from "./page-body.js";
import { CHUNK_SCRIPT } from "./page-chunk.js";
import { CONNECTION_SCRIPT } from "./page-connection.js";
import { FIGURES_SCRIPT } from "./page-figures.js";
import { SCENE_SCRIPT } from "./page-scene.js";
import { LIVE_STYLE } from "./page-style.js";
import { TICKS_SCRIPT } from "./page-ticks.js";

/** The live page: the same for every policy; all it shows comes over its event stream. */
export function renderLivePage(): { readonly html: string; readonly headers: Record<string, string> } {
  const style = readAsset("uPlot.min.css") + REPORT_STYLE + LIVE_STYLE;
  const script = [
    readAsset("uPlot.iife.min.js"),
    '"use strict";',
    FIGURES_SCRIPT,
    SCENE_SCRIPT,
    CHUNK_SCRIPT,
    TICKS_SCRIPT,
    CONNECTION_SCRIPT,
  ].join("\n");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>parapilot</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body data-connection="waiting">
${LIVE_BODY}
<script>${script}</script>
</body>
</html>
`;
  // The browser runs exactly these two texts, whatever a policy's or robot's name may hold, and talks to nobody else.
  const policy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return {
    html,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "Referrer-Policy": "no-referrer",
    },
  };
}

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
