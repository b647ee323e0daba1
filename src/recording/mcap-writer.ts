import { crc32 } from "@foxglove/crc";
import { type Channel, McapChunkBuilder, McapRecordBuilder, type McapTypes, type Schema } from "@mcap/core";

/** Where the bytes of a file go. */
export interface ByteSink {
  /** Takes all of the bytes, which it may not keep, or throws. */
  write(bytes: Uint8Array): void;
}

/** A message to write. */
export interface McapEntry {
  readonly topic: string;
  /** Nanoseconds of wall time. */
  readonly logTime: bigint;
  readonly data: Uint8Array;
  /** Asked for once per schema name. */
  readonly schema: { readonly name: string; readonly text: () => string };
}

/** A chunk is finished when it has this many bytes, if nobody asks for it earlier. */
const CHUNK_BYTES = 1 << 20;

/**
 * Writes an MCAP file of JSON messages front to back, chunk by chunk: what stands before the last finished chunk is
 * readable whatever happens afterwards.
 */
// The library's own writer finishes a chunk only by its size, so that a slow loop would lose minutes with a crash.
export class McapFileWriter {
  readonly #sink: ByteSink;
  readonly #chunk = new McapChunkBuilder({});
  readonly #records = new McapRecordBuilder();
  // Kept as bytes: one index per second adds up over a day.
  readonly #chunkIndexes = new McapRecordBuilder();
  readonly #schemas = new Map<string, Schema>();
  readonly #channels = new Map<string, Channel & { sequence: number }>();
  readonly #metadataIndex: McapTypes.MetadataIndex;
  readonly #statistics = {
    messageCount: 0n,
    attachmentCount: 0,
    metadataCount: 1,
    chunkCount: 0,
    messageStartTime: 0n,
    messageEndTime: 0n,
    channelMessageCounts: new Map<number, bigint>(),
  };
  #position = 0;

  /** Writes the file's head with one metadata record. */
  constructor(sink: ByteSink, library: string, metadata: McapTypes.Metadata) {
    this.#sink = sink;
    this.#records.writeMagic();
    this.#records.writeHeader({ profile: "", library });
    const offset = BigInt(this.#records.length);
    const length = this.#records.writeMetadata(metadata);
    this.#metadataIndex = { name: metadata.name, offset, length };
    this.#write();
  }

  /** Bytes written so far. */
  get position(): number {
    return this.#position;
  }

  add({ topic, logTime, data, schema }: McapEntry): void {
    const channel = this.#channels.get(topic) ?? this.#open(topic, schema);
    const { id: channelId, sequence } = channel;
    channel.sequence = (sequence + 1) >>> 0;
    this.#chunk.addMessage({ channelId, sequence, logTime, publishTime: logTime, data });
    this.#count(channelId, logTime);
    if (this.#chunk.byteLength >= CHUNK_BYTES) this.finishChunk();
  }

  /** Writes what has been added since the last chunk, if anything. */
  finishChunk(): void {
    if (this.#chunk.numMessages === 0) return;
    const { buffer: records, messageStartTime, messageEndTime } = this.#chunk;
    const size = BigInt(records.byteLength);
    const start = BigInt(this.#position);
    const chunkLength = this.#records.writeChunk({
      messageStartTime,
      messageEndTime,
      uncompressedSize: size,
      uncompressedCrc: crc32(records),
      compression: "",
      records,
    });
    const messageIndexOffsets = new Map<number, bigint>();
    let messageIndexLength = 0n;
    for (const index of this.#chunk.indices) {
      messageIndexOffsets.set(index.channelId, start + chunkLength + messageIndexLength);
      messageIndexLength += this.#records.writeMessageIndex(index);
    }
    this.#write();
    this.#chunkIndexes.writeChunkIndex({
      messageStartTime,
      messageEndTime,
      chunkStartOffset: start,
      chunkLength,
      messageIndexOffsets,
      messageIndexLength,
      compression: "",
      compressedSize: size,
      uncompressedSize: size,
    });
    this.#statistics.chunkCount += 1;
    this.#chunk.reset();
  }

  /** Writes the last chunk and the summary by which readers find their way. */
  end(): void {
    this.finishChunk();
    this.#records.writeDataEnd({ dataSectionCrc: 0 });
    const summaryStart = BigInt(this.#position + this.#records.length);
    for (const schema of this.#schemas.values()) this.#records.writeSchema(schema);
    for (const channel of this.#channels.values()) this.#records.writeChannel(channel);
    this.#records.writeStatistics({
      ...this.#statistics,
      schemaCount: this.#schemas.size,
      channelCount: this.#channels.size,
    });
    this.#records.writeMetadataIndex(this.#metadataIndex);
    this.#write();
    this.#emit(this.#chunkIndexes.buffer);
    this.#records.writeFooter({ summaryStart, summaryOffsetStart: 0n, summaryCrc: 0 });
    this.#records.writeMagic();
    this.#write();
  }

  #open(topic: string, { name, text }: McapEntry["schema"]): Channel & { sequence: number } {
    let schema = this.#schemas.get(name);
    if (!schema) {
      schema = { id: this.#schemas.size + 1, name, encoding: "jsonschema", data: Buffer.from(text()) };
      this.#schemas.set(name, schema);
      this.#chunk.addSchema(schema);
    }
    const channel = {
      id: this.#channels.size,
      schemaId: schema.id,
      topic,
      messageEncoding: "json",
      metadata: new Map<string, string>(),
      sequence: 0,
    };
    this.#channels.set(topic, channel);
    this.#chunk.addChannel(channel);
    return channel;
  }

  #count(channelId: number, logTime: bigint): void {
    const figures = this.#statistics;
    if (figures.messageCount === 0n || logTime < figures.messageStartTime) figures.messageStartTime = logTime;
    if (logTime > figures.messageEndTime) figures.messageEndTime = logTime;
    figures.messageCount += 1n;
    figures.channelMessageCounts.set(channelId, (figures.channelMessageCounts.get(channelId) ?? 0n) + 1n);
  }

  #write(): void {
    this.#emit(this.#records.buffer);
    this.#records.reset();
  }

  #emit(bytes: Uint8Array): void {
    this.#sink.write(bytes);
    this.#position += bytes.byteLength;
  }
}
