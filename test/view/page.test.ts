import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { monotonicMs } from "../../src/time/clock.js";
import { ViewServer } from "../../src/view/server.js";
import { Browser, findChromium } from "./browser.js";
import { observationOf, pushtManifest, refusalOf, solveOf, tickOf } from "./events.js";

const chromium = findChromium();
const note = chromium ? "" : " (skipped: no Chromium on the path; install one to run this)";
const manifest = pushtManifest();

const text = (id: string) => `document.getElementById("${id}").textContent`;
/** Whether a canvas in an element shows a colour of the page's palette somewhere. */
const paints = (
  id: string,
  name: string,
) => `[...document.querySelectorAll("#${id} canvas")].every((canvas) => {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--${name}").trim();
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) return true;
  }
  return false;
})`;

function drive(view: ViewServer, steps: number): void {
  view.watch({ kind: "joined", at: 0, robot: "arm" });
  for (let step = 0; step < steps; step++) {
    view.watch(observationOf(step));
    view.watch(solveOf("accepted"));
    view.watch(tickOf(step));
  }
}

describe.skipIf(chromium === undefined)(`the live page in a browser${note}`, () => {
  let view: ViewServer;
  let browser: Browser;

  beforeEach(async () => {
    view = await ViewServer.open({
      address: "127.0.0.1:0",
      manifest,
      run: { settings: [["solver", "semilinear"]], budgets: { solveMs: 40 } },
    });
    browser = await Browser.launch(chromium as string);
  });

  afterEach(async () => {
    await browser.close();
    await view.close();
  });

  it("shows the ladder's state with its reason, and each step down", async () => {
    drive(view, 10);
    await browser.open(view.address);
    await browser.until(`${text("rung")} === "fresh"`);
    view.watch(tickOf(10, { rung: "hold", reason: "the plan ended at step 9", missed: true }));
    view.watch(refusalOf("invalid-observation"));
    await browser.until(`${text("rung")} === "hold"`);
    expect(await browser.evaluate(text("reason"))).toBe("the plan ended at step 9");
    expect(await browser.evaluate(text("since"))).toMatch(/^since \d\d:\d\d:\d\d \(/);
    await browser.until(`${text("missed")} === "1" && ${text("refused")} === "1"`);
    expect(await browser.evaluate(text("transitions"))).toMatch(/hold.*fresh/s);
    expect(await browser.evaluate(text("refusals"))).toContain("it was invalid-observation");
    view.watch({ kind: "worker", at: monotonicMs(), state: "lost", message: "no answer for 2 s" });
    await browser.until(`!document.getElementById("worker-notice").hidden`);
    expect(await browser.evaluate(text("worker-notice"))).toMatch(
      /^No inference worker since .*: no answer for 2 s$/,
    );
    expect(await browser.evaluate(text("settings"))).toContain("semilinear");
    expect(browser.complaints).toEqual([]);
  });

  it("plots the executed past and the plan of each dimension, the stages and the scene", async () => {
    drive(view, 20);
    await browser.open(view.address);
    await browser.until(`document.querySelectorAll("#chunk canvas").length === ${manifest.action.length}`);
    await browser.until(paints("chunk", "accent"));
    await browser.until(paints("chunk", "plan"));
    await browser.until(paints("stages", "network"));
    await browser.until(paints("residual-plot", "accent"));
    await browser.until(paints("sweeps-plot", "accent"));
    const dots = await browser.evaluate<number>(`document.querySelectorAll("#scene .dot").length`);
    const agents = await browser.evaluate<number>(`document.querySelectorAll("#scene .agent").length`);
    const plan = await browser.evaluate<number>(`document.querySelectorAll("#scene .ahead").length`);
    expect([dots, agents, plan]).toEqual([9, 1, 8]);
    expect(browser.complaints).toEqual([]);
  });

  it("lets one of several robots be chosen, and takes their names for text", async () => {
    const name = "<img src=x onerror=alert(1)>";
    drive(view, 3);
    view.watch({ kind: "joined", at: 0, robot: name });
    view.watch(tickOf(0, { robot: name, rung: "rest", reason: "late" }));
    await browser.open(view.address);
    await browser.until(`${text("rung")} === "fresh"`);
    expect(await browser.evaluate(`document.querySelectorAll("#robots button")[1].textContent`)).toBe(name);
    await browser.evaluate(`document.querySelectorAll("#robots button")[1].click()`);
    await browser.until(`${text("rung")} === "rest"`);
    expect(await browser.evaluate(`document.querySelectorAll("#robots button").length`)).toBe(2);
    expect(browser.complaints).toEqual([]);
  });

  it("fits a phone", async () => {
    await browser.send("Emulation.setDeviceMetricsOverride", {
      width: 375,
      height: 800,
      deviceScaleFactor: 2,
      mobile: true,
    });
    drive(view, 20);
    await browser.open(view.address);
    await browser.until(paints("chunk", "accent"));
    expect(await browser.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(375);
  });

  it("says since when there is no connection, and goes on by itself when the node is back", async () => {
    drive(view, 5);
    await browser.open(view.address);
    await browser.until(`${text("rung")} === "fresh" && document.body.dataset.connection === "live"`);
    expect(browser.complaints).toEqual([]);
    const address = new URL(view.address).host;
    await view.close();
    await browser.until(`document.body.dataset.connection === "lost"`);
    expect(await browser.evaluate(text("connection"))).toMatch(/^no connection since \d\d:\d\d:\d\d/);
    // What was last known stays in sight, greyed.
    expect(await browser.evaluate(text("rung"))).toBe("fresh");

    view = await ViewServer.open({ address, manifest });
    view.watch(tickOf(0, { rung: "rest", reason: "a new start" }));
    await browser.until(`document.body.dataset.connection === "live" && ${text("rung")} === "rest"`);
    // A node that is away is a failed load to the browser; anything else would be a fault of the page.
    expect(browser.complaints.filter((each) => !each.includes('"source":"network"'))).toEqual([]);
  });
});
