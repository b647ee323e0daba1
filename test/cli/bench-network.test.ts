import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { anotherFunction, roundedOtherwise } from "../inference/rounded.js";
import { optimizedTinyBundle } from "../optimize/tiny-bundle.js";
import { optimizedBundle } from "../policy/bundles.js";
import { parapilot } from "./process.js";

describe("of a policy with optimised graphs", () => {
  const policy = async () => {
    const network = await readFile("policies/pusht/denoiser.onnx");
    return optimizedBundle([{ bytes: roundedOtherwise(network), fromRows: 5 }]);
  };
  const QUICKLY = ["--batch", "1", "--batch", "6", "--threads", "1"];

  it("bench network prints what they are worth, and which graph answered", async () => {
    const folder = await policy();
    const { code, stdout } = await parapilot("bench", "network", folder, ...QUICKLY, "--json");
    expect(code).toBe(0);
    const { rows, ratios, ...what } = JSON.parse(stdout);
    expect(what).toEqual({ policy: "pusht", provider: "cpu", threads: 1 });
    const ms_p50 = expect.any(Number);
    expect(rows).toEqual([
      { graph: "original", file: "denoiser.onnx", batch: 1, ms_p50 },
      { graph: "optimized", file: "denoiser.onnx", batch: 1, ms_p50 },
      { graph: "original", file: "denoiser.onnx", batch: 6, ms_p50 },
      { graph: "optimized", file: "graph-0.onnx", batch: 6, ms_p50 },
    ]);
    expect(ratios).toEqual([
      { batch: 1, ratio: rows[1].ms_p50 / rows[0].ms_p50, difference: 0 },
      { batch: 6, ratio: rows[3].ms_p50 / rows[2].ms_p50, difference: expect.any(Number) },
    ]);
    expect(ratios[1].difference).toBeGreaterThan(0);
    expect(ratios[1].difference).toBeLessThan(1e-4);
    const text = (await parapilot("bench", "network", folder, ...QUICKLY)).stdout;
    expect(text).toMatch(/^6 +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d +\de-\d +graph-0\.onnx$/m);
  });

  it("bench network measures the original alone where there are none, and says how to make one", async () => {
    const folder = await optimizedBundle([]);
    const { code, stdout, stderr } = await parapilot("bench", "network", folder, ...QUICKLY, "--json");
    expect(code).toBe(0);
    const { rows, ratios } = JSON.parse(stdout);
    expect(rows.map(({ graph, batch }: { graph: string; batch: number }) => [graph, batch])).toEqual([
      ["original", 1],
      ["original", 6],
    ]);
    expect(ratios).toEqual([]);
    expect(stderr).toContain(`parapilot optimize ${folder} --out`);
  });

  it("inspect shows them, and what ran", async () => {
    const { stdout } = await parapilot("inspect", await policy(), "--threads", "1");
    expect(stdout).toMatch(
      /^ {2}optimised {4}graph-0\.onnx for the cpu from 5 rows on, 1\d\.\d MB, checksum as stated$/m,
    );
    expect(stdout).toMatch(/^ {2}check .*, denoiser\.onnx, from 5 rows on graph-0\.onnx: one chunk/m);
  });

  it("inspect refuses them when they compute something else", async () => {
    const folder = await optimizedTinyBundle(({ graphs, ...rest }) => ({
      ...rest,
      graphs: graphs.map((graph) => ({ ...graph, bytes: anotherFunction(graph.bytes) })),
    }));
    const { code, stderr } = await parapilot("inspect", folder, "--threads", "1");
    expect(code).toBe(1);
    expect(stderr).toContain("the optimised graphs answer otherwise than denoiser.onnx");
  });
});
