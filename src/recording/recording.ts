import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { MCAP_MAGIC, McapStreamReader, type McapTypes } from "@mcap/core";
import { ConfigurationError, describeIssues } from "../policy/errors.js";
import {
  RECORDING_FORMAT,
  RECORDING_METADATA,
  type RecordingHeader,
  recordingHeaderSchema,
} from "./mcap-header.js";
import { decodeEvent } from "./mcap-message.js";
import type { RecordedEvent } from "./mcap-schema.js";

export type { RecordingHeader } from "./mcap-header.js";
export type { DropEvent, RecordedEvent } from "./mcap-schema.js";

const REMEDY = "give a file that parapilot run --record wrote";

/**
 * A recording that `Recorder` wrote, complete or cut off.
 *
 * @example
 * const recording = await Recording.open("out/run.mcap");
 * for await (const event of recording.events()) if (event.kind === "tick") console.log(event.step, event.rung);
 */
export class Recording {
  private constructor(
    readonly file: string,
    readonly header: RecordingHeader,
    /** The file was never finished: its process was killed, or the disk was full. Events reach up to its last chunk. */
    readonly truncated: boolean,
    /** Wall time, in nanoseconds, at the monotonic clock's zero. */
    readonly epochNs: bigint,
  ) {}

  /**
   * Reads a recording's header.
   *
   * @throws ConfigurationError when the file cannot be read, is no recording, or one of another format.
   */
  static async open(file: string): Promise<Recording> {
    const truncated = await isTruncated(file);
    for await (const record of records(file, truncated)) {
      if (record.type === "Header") continue;
      if (record.type !== "Metadata" || record.name !== RECORDING_METADATA) break;
      const { format, header, epoch_ns = "0" } = Object.fromEntries(record.metadata);
      if (format !== RECORDING_FORMAT) {
        throw new ConfigurationError(
          `${file} has the format ${format}; this version reads ${RECORDING_FORMAT}: use the version of parapilot that recorded it`,
        );
      }
      return new Recording(file, parseHeader(file, header), truncated, BigInt(epoch_ns));
    }
    const what = truncated
      ? "ends before the header of a recording"
      : "is an MCAP file, but not a recording of parapilot";
    throw new ConfigurationError(`${file} ${what}; ${REMEDY}`);
  }

  /**
   * What happened, in its order. May be called again.
   *
   * @throws ConfigurationError when the file is damaged, naming what does not fit.
   */
  async *events(): AsyncGenerator<RecordedEvent, void, void> {
    const decoder = new TextDecoder();
    for await (const record of records(this.file, this.truncated)) {
      if (record.type !== "Message") continue;
      let event: RecordedEvent;
      try {
        event = decodeEvent(decoder.decode(record.data));
      } catch (error) {
        throw new ConfigurationError(
          `${this.file} has a message that is no event: ${(error as Error).message}`,
        );
      }
      yield event;
    }
  }
}

/** The records of an MCAP file in its order; of one that is cut off, up to the last that is whole. */
async function* records(file: string, truncated: boolean): AsyncGenerator<McapTypes.TypedMcapRecord> {
  const reader = new McapStreamReader();
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 })) {
    reader.append(bytes as Buffer);
    for (;;) {
      let record: McapTypes.TypedMcapRecord | undefined;
      try {
        record = reader.nextRecord();
      } catch (error) {
        // A crash of the machine may leave anything behind the last piece that reached the disk.
        if (truncated) return;
        throw new ConfigurationError(
          `${file} is damaged: ${(error as Error).message}; take a copy that is not`,
        );
      }
      if (!record) break;
      yield record;
    }
  }
}

/** Whether an MCAP file lacks its end. */
async function isTruncated(file: string): Promise<boolean> {
  let head: Buffer;
  let tail: Buffer;
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const magicAt = async (position: number) =>
        (await handle.read(Buffer.alloc(MCAP_MAGIC.length), 0, MCAP_MAGIC.length, position)).buffer;
      head = await magicAt(0);
      tail = await magicAt(Math.max(MCAP_MAGIC.length, size - MCAP_MAGIC.length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new ConfigurationError(`cannot read ${file} (${(error as NodeJS.ErrnoException).code}); ${REMEDY}`);
  }
  if (!isMagic(head)) throw new ConfigurationError(`${file} is not an MCAP file; ${REMEDY}`);
  return !isMagic(tail);
}

function isMagic(bytes: Buffer): boolean {
  return MCAP_MAGIC.every((byte, k) => bytes[k] === byte);
}

function parseHeader(file: string, text: string | undefined): RecordingHeader {
  let document: unknown;
  try {
    document = JSON.parse(text ?? "");
  } catch (error) {
    throw new ConfigurationError(`${file} has a header that is not JSON: ${(error as Error).message}`);
  }
  const result = recordingHeaderSchema.safeParse(document);
  if (!result.success) {
    throw new ConfigurationError(`${file}, in its header: ${describeIssues(result.error, document)}`);
  }
  return result.data;
}
