import { McapIndexedReader, McapStreamReader } from "@mcap/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ByteSink, McapFileWriter } from "../../src/recording/mcap-writer.js";

class Memory implements ByteSink {
  bytes = new Uint8Array();

  write(bytes: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }

  async size(): Promise<bigint> {
    return BigInt(this.bytes.length);
  }

  async read(offset: bigint, size: bigint): Promise<Uint8Array> {
    return this.bytes.slice(Number(offset), Number(offset + size));
  }
}

const METADATA = { name: "facts", metadata: new Map([["robot", "arm"]]) };
const begin = (sink: ByteSink) => new McapFileWriter(sink, "test", METADATA);
const entry = (topic: string, time: number, text: string) => ({
  topic,
  logTime: BigInt(time),
  data: Buffer.from(text),
  schema: { name: `of ${topic}`, text: () => '{"type":"object"}' },
});

function messagesOf(bytes: Uint8Array): string[] {
  const reader = new McapStreamReader();
  reader.append(bytes);
  const texts: string[] = [];
  for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
    if (record.type === "Message") texts.push(Buffer.from(record.data).toString());
  }
  return texts;
}

test("the library's indexed reader finds everything in a finished file", async () => {
  const memory = new Memory();
  const writer = begin(memory);
  writer.add(entry("/a", 30, "first"));
  writer.add(entry("/b", 10, "second"));
  writer.finishChunk();
  writer.add(entry("/a", 20, "third"));
  writer.end();
  expect(writer.position).toBe(memory.bytes.length);

  const reader = await McapIndexedReader.Initialize({ readable: memory });
  expect(reader.chunkIndexes).toHaveLength(2);
  expect(reader.statistics).toMatchObject({
    messageCount: 3n,
    channelCount: 2,
    schemaCount: 2,
    metadataCount: 1,
    chunkCount: 2,
    messageStartTime: 10n,
    messageEndTime: 30n,
  });
  expect(
    [...reader.channelsById.values()].map(({ topic, messageEncoding }) => [topic, messageEncoding]),
  ).toEqual([
    ["/a", "json"],
    ["/b", "json"],
  ]);
  expect([...reader.schemasById.values()].map(({ encoding }) => encoding)).toEqual([
    "jsonschema",
    "jsonschema",
  ]);
  const read = async (options: Parameters<typeof reader.readMessages>[0]) => {
    const found: [string, number][] = [];
    for await (const { data, sequence } of reader.readMessages(options)) {
      found.push([Buffer.from(data).toString(), sequence]);
    }
    return found;
  };
  expect(await read({})).toEqual([
    ["second", 0],
    ["third", 1],
    ["first", 0],
  ]);
  expect(await read({ topics: ["/a"], startTime: 25n })).toEqual([["first", 0]]);
  for await (const metadata of reader.readMetadata()) expect(metadata).toMatchObject(METADATA);
});

test("a file cut off anywhere keeps every chunk that was finished before", () => {
  const memory = new Memory();
  const writer = begin(memory);
  const head = writer.position;
  const ends: number[] = [];
  for (let k = 0; k < 6; k++) {
    writer.add(entry("/a", k, `message ${k}`));
    if (k % 2 === 1) {
      writer.finishChunk();
      ends.push(writer.position);
    }
  }
  fc.assert(
    fc.property(fc.integer({ min: head, max: writer.position }), (cut) => {
      const whole = 2 * ends.filter((end) => end <= cut).length;
      // A chunk is whole before its index is.
      expect([whole, whole + 2]).toContain(messagesOf(memory.bytes.subarray(0, cut)).length);
    }),
  );
  expect(messagesOf(memory.bytes)).toHaveLength(6);
});

test("a chunk that has grown large is written at once", () => {
  const memory = new Memory();
  const writer = begin(memory);
  const head = writer.position;
  for (let k = 0; k < 11; k++) writer.add(entry("/a", k, "x".repeat(100_000)));
  expect(writer.position).toBeGreaterThan(head + 1_000_000);
});

test("a sink that fails is heard of", () => {
  let room = 1;
  const writer = begin({
    write: () => {
      if (room-- <= 0) throw new Error("ENOSPC: no space left on device");
    },
  });
  writer.add(entry("/a", 0, "message"));
  expect(() => writer.finishChunk()).toThrow("ENOSPC");
});
