import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { profileText } from "../../src/cli/profile-text.js";
import { Profile } from "../../src/profile/profile.js";
import { renderProfile } from "../../src/profile/profile-report.js";
import { step, tick } from "./loop-stream.js";

function profileOf(count: number): Profile {
  const limits = [
    { name: "x", min: 0, max: 1 },
    { name: "y", min: 0, max: 1 },
  ];
  const profile = new Profile({ tickMs: 100, warmupTicks: 0, limits, maxObservationAgeMs: null });
  for (let k = 0; k < count; k++) {
    const change = k === 7 ? ({ missed: true, rung: "hold" } as const) : {};
    for (const event of step(k, { solve: k === 7 ? 80 : 18, change })) profile.watch(event);
  }
  return profile;
}

const context = { score: 0.9, settings: { policy: "<b>pusht</b>" }, eventLoop: { p50: 0.1, p99: 1, max: 9 } };
const page = (profile: Profile) => renderProfile("Profile", profile.finish(context), profile.plots());

describe("the profile's page", () => {
  const html = page(profileOf(20));

  test("loads nothing, and its scripts are valid JavaScript", () => {
    expect(html).not.toMatch(/(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i);
    expect(html).not.toMatch(/<link|@import|url\(/i);
    const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, code]) => code);
    expect(scripts).toHaveLength(2);
    for (const code of scripts) expect(() => new Script(code)).not.toThrow();
  });

  test("has a host for every plot, and a colour for every stage and rung that it names", () => {
    const hosts = [...html.matchAll(/\b(?:draw|drawCurve)\("([\w-]+)"/g)].map(([, id]) => id);
    expect(hosts).toEqual(["latency", "rungs", "sweeps", "residual", "end-to-end", "overhead"]);
    for (const id of hosts) expect(html).toContain(`id="${id}"`);
    for (const [, name] of html.matchAll(/var\(--([\w-]+)\)/g)) expect(html).toContain(`--${name}:`);
  });

  test("shows the slowest tick with what it was missed for, and escapes what it is told", () => {
    expect(html).toMatch(/<th scope="row">0 \/ 7<\/th><td>80.3<\/td><td class="left">hold<\/td>.*?>solve</);
    expect(html).toContain("&#60;b&#62;pusht");
  });

  test("is small for a long run, and stands for none at all", () => {
    expect(page(profileOf(20_000)).length).toBeLessThan(300_000);
    expect(page(profileOf(0))).toContain("No tick was measured");
  });
});

describe("the profile's text", () => {
  const text = profileText(profileOf(20).finish(context));

  test("has a line for each stage with its share of the tick", () => {
    expect(text).toMatch(/^solve +18\.0 +18\.0 +80\.\d +80\.\d +80\.0 +███▋ +18%$/m);
    expect(text).toMatch(/^ {2}sweep 3 +4\.00/m);
    expect(text).toMatch(/^overhead +0\.200/m);
  });

  test("says where the time goes, what was missed and why", () => {
    expect(text).toContain("most of it in solve (18.0 ms, 89% of that in the network)");
    expect(text).toContain("missed    1 of 20 (5%), because of: solve 1");
    expect(text).toContain("fresh 19 (95%)");
    expect(text).toContain("no tick can have been swallowed");
  });

  test("names unsafe actions, and says all only of all", () => {
    const profile = profileOf(999);
    profile.watch(tick({ step: 999, rung: "hold", action: Float32Array.of(9, 0) }));
    const text = profileText(profile.finish(context));
    expect(text).toContain("unsafe    1 actions\n          arm, episode 0, step 999: x is 9 in row 0");
    expect(text).toContain("fresh 998 (99.8%)");
  });
});
