import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roundedOtherwise } from "../inference/rounded.js";
import { optimizedBundle } from "../policy/bundles.js";
import { record, replayed } from "./recorded-run.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parapilot-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("parapilot replay", () => {
  it.each([1, 2])(
    "finds a run in real time, whose solves were cut short, bit-equal with %i threads",
    async (threads) => {
      const file = await record({
        folder,
        name: `real-time-${threads}`,
        threads,
        node: ["--budget-solve", "70 ms"],
        isRealTime: true,
      });
      const { code, result } = await replayed(file);
      expect(result).toMatchObject({ exact: true, differences: 0, lost: 0, truncated: false });
      expect(result.ticks).toBeGreaterThan(0);
      expect(code).toBe(0);
    },
  );

  it("finds a run whose worker was killed and replaced bit-equal", async () => {
    const file = await record({
      folder,
      name: "killed",
      node: ["--budget-solve", "2 s", "--fault", "worker-crash@3"],
    });
    const { code, result } = await replayed(file);
    expect(result).toMatchObject({ exact: true, differences: 0 });
    expect(result.assumed).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it("finds a run with optimised graphs bit-equal, and refuses it once they are others", async () => {
    const network = await readFile("policies/pusht/denoiser.onnx");
    const policy = await optimizedBundle([{ bytes: roundedOtherwise(network), fromRows: 5 }]);
    const file = await record({ folder, name: "optimised", policy });
    expect(await replayed(file)).toMatchObject({ code: 0, result: { exact: true, differences: 0 } });
    const manifest = join(policy, "policy.yaml");
    const text = await readFile(manifest, "utf8");
    await writeFile(manifest, text.replace("from_rows: 5", "from_rows: 6"));
    expect(await replayed(file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /recorded \(optimised graphs (\w{12}…) \(from_rows 5\), now \1 \(from_rows 6\)\); put the old bundle back/,
      ),
    });
    const { code } = await replayed(file, "--policy", policy);
    expect(code).toBe(0);
  });
});
