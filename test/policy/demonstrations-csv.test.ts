import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toCsv } from "../../sim/demonstration.js";
import { readDemonstrations } from "../../src/policy/demonstrations.js";
import { temporaryFolder } from "./bundles.js";
import { jointManifest } from "./manifests.js";

const manifest = jointManifest();

async function folderWith(bytes: Buffer): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "demonstrations.csv.gz"), bytes);
  return folder;
}

const csv = (...lines: string[]) => gzipSync(`${lines.join("\n")}\n`);
const HEADER = "episode,step,position[0],target[0],target[1],action[0]";

const value = fc.double({ min: -100, max: 100, noNaN: true }).map((raw) => Number(raw.toPrecision(9)));
const steps = fc.array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 6 });

test("what a world's demonstrations are written as is read again, whatever the order of the columns", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 4 }),
      steps,
      async (seeds, rows) => {
        const folder = await folderWith(
          toCsv(
            seeds.map((seed) => ({
              seed,
              isSuccess: true,
              steps: rows.map(([position, x, y, action]) => ({
                observation: { target: Float64Array.of(x, y), position: Float64Array.of(position) },
                action: [action],
              })),
            })),
          ),
        );
        const episodes = await readDemonstrations(folder, manifest);
        expect(episodes.map(({ number }) => number)).toEqual(seeds);
        for (const { frames } of episodes) {
          expect(frames.map((frame) => [...frame])).toEqual(
            rows.map(([position, x, y]) => [position, x, y].map((v) => v + 0)),
          );
        }
      },
    ),
    { numRuns: 20 },
  );
});

test.each<[string, Buffer, RegExp]>([
  [
    "a column is missing",
    csv("episode,step,position[0]", "0,0,1"),
    /no column target\[0\], target\[1\], which policy.yaml/,
  ],
  ["a value is missing", csv(HEADER, "0,0,1,2,,0"), /line 2: target\[1\] is ; every value must be a number/],
  ["a value is not finite", csv(HEADER, "0,0,1,2,3,0", "0,1,nan,2,3,0"), /line 3: position\[0\] is nan/],
  ["a row ends early", csv(HEADER, "0,0,1"), /line 2: target\[0\] is missing/],
  [
    "a step is left out",
    csv(HEADER, "0,0,1,2,3,0", "0,2,1,2,3,0"),
    /line 3: step 2 of episode 0 does not follow/,
  ],
  [
    "an episode comes twice",
    csv(HEADER, "0,0,1,2,3,0", "1,0,1,2,3,0", "0,1,1,2,3,0"),
    /line 4: step 1 of episode 0 does not follow/,
  ],
  ["there are no rows", csv(HEADER), /has no row but that of names/],
  ["it is not compressed", Buffer.from(`${HEADER}\n`), /is not gzipped, or damaged/],
])("refuses demonstrations when %s", async (_, bytes, message) => {
  await expect(readDemonstrations(await folderWith(bytes), manifest)).rejects.toThrow(message);
});

test("says what to give where there is no such file", async () => {
  await expect(readDemonstrations(await temporaryFolder(), manifest)).rejects.toThrow(
    /cannot read .*demonstrations.csv.gz \(ENOENT\); give the folder that holds demonstrations.csv.gz/,
  );
});
