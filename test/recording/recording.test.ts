import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { McapWriter } from "@mcap/core";
import { expect, test } from "vitest";
import { ConfigurationError } from "../../src/policy/errors.js";
import { Recorder } from "../../src/recording/recorder.js";
import { type RecordedEvent, Recording } from "../../src/recording/recording.js";
import { temporaryFolder } from "../policy/bundles.js";
import { HEADER, observed } from "./events.js";

async function recorded(): Promise<string> {
  const file = join(await temporaryFolder(), "run.mcap");
  const recorder = await Recorder.open(file, HEADER, () => {}, { patience: 600_000 });
  for (let step = 0; step < 5; step++) recorder.record(observed(step));
  await recorder.close();
  return file;
}

async function read(file: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of (await Recording.open(file)).events()) events.push(event);
  return events;
}

/** An MCAP file of another producer, by the library's own writer. */
async function foreign(file: string, metadata?: Record<string, string>): Promise<void> {
  const parts: Uint8Array[] = [];
  const writer = new McapWriter({
    writable: {
      write: async (bytes) => parts.push(bytes.slice()),
      position: () => BigInt(parts.reduce((sum, part) => sum + part.length, 0)),
    },
  });
  await writer.start();
  if (metadata) await writer.addMetadata({ name: "parapilot", metadata: new Map(Object.entries(metadata)) });
  const channel = { schemaId: 0, topic: "/a", messageEncoding: "json", metadata: new Map<string, string>() };
  const channelId = await writer.registerChannel(channel);
  const data = Buffer.from('{"kind":"song"}');
  await writer.addMessage({ channelId, sequence: 0, logTime: 0n, publishTime: 0n, data });
  await writer.end();
  await writeFile(file, Buffer.concat(parts));
}

test("a file whose end is lost is read as far as it is whole, and says so", async () => {
  const file = await recorded();
  const { length } = await readFile(file);
  await truncate(file, length - 20);
  expect((await Recording.open(file)).truncated).toBe(true);
  expect(await read(file)).toHaveLength(5);
});

test("what a crash of the machine leaves behind the end is passed over", async () => {
  const file = await recorded();
  const bytes = await readFile(file);
  await writeFile(file, Buffer.concat([bytes.subarray(0, bytes.length - 20), Buffer.alloc(4096)]));
  expect((await Recording.open(file)).truncated).toBe(true);
  expect(await read(file)).toHaveLength(5);
});

test("events may be read twice, and left off in the middle", async () => {
  const recording = await Recording.open(await recorded());
  for await (const event of recording.events()) {
    expect(event).toEqual(observed(0));
    break;
  }
  const all: RecordedEvent[] = [];
  for await (const event of recording.events()) all.push(event);
  expect(all).toEqual([0, 1, 2, 3, 4].map((step) => observed(step)));
});

test("a flipped bit is found", async () => {
  const file = await recorded();
  const bytes = await readFile(file);
  bytes[bytes.indexOf('"kind":"observation"') + 10] ^= 1;
  await writeFile(file, bytes);
  await expect(read(file)).rejects.toThrow(ConfigurationError);
  await expect(read(file)).rejects.toThrow(`${file} is damaged: Incorrect chunk CRC`);
});

const HEADER_TEXT = JSON.stringify(HEADER);

test.each<[string, (file: string) => Promise<unknown>, string]>([
  ["a missing file", async () => {}, "(ENOENT)"],
  ["a folder", (file) => mkdir(file), "(EISDIR)"],
  ["an empty file", (file) => writeFile(file, ""), "is not an MCAP file"],
  ["a text", (file) => writeFile(file, "step,action\n0,1\n".repeat(9)), "is not an MCAP file"],
  [
    "the beginning of a recording",
    (file) => writeFile(file, "\x89MCAP0\r\n", "latin1"),
    "ends before the header",
  ],
  ["a recording of someone else", (file) => foreign(file), "not a recording of parapilot"],
  [
    "a later format",
    (file) => foreign(file, { format: "parapilot-recording/2", header: HEADER_TEXT }),
    "use the version of parapilot that recorded it",
  ],
  [
    "a header without a solver",
    (file) => foreign(file, { format: "parapilot-recording/1", header: '{"versions":{}}' }),
    "solver",
  ],
  [
    "a header that is not JSON",
    (file) => foreign(file, { format: "parapilot-recording/1", header: "{" }),
    "not JSON",
  ],
  [
    "an event of an unknown kind",
    (file) => foreign(file, { format: "parapilot-recording/1", header: HEADER_TEXT }),
    'no event is "song"',
  ],
])("%s is refused with its name and the reason", async (_, make, reason) => {
  const file = join(await temporaryFolder(), "run.mcap");
  await make(file);
  const reading = read(file);
  await expect(reading).rejects.toThrow(ConfigurationError);
  await expect(reading).rejects.toThrow(file);
  await expect(reading).rejects.toThrow(reason);
});
