import { DecodeError } from "./decode-error.js";

/** Bounds on one message, so that a hostile or broken sender can cost neither memory nor time. */
export interface WireLimits {
  /** Largest message, bytes. */
  readonly maxBytes: number;
  /** Deepest nesting of maps and arrays. */
  readonly maxDepth: number;
  /** Most values in a message; an ndarray counts its four fields, not its elements. */
  readonly maxValues: number;
}

/** 8 MiB, 16 levels, 4096 values: far above any policy's observation, and at worst a few milliseconds of work. */
export const DEFAULT_WIRE_LIMITS: WireLimits = { maxBytes: 8 * 2 ** 20, maxDepth: 16, maxValues: 4096 };

// The one-byte tokens of the msgpack specification, with the bytes that follow each.
const FIXED: Record<number, number> = {
  192: 0, // nil
  194: 0, // false
  195: 0, // true
  202: 4, // float 32
  203: 8, // float 64
  204: 1, // uint 8, 16, 32
  205: 2,
  206: 4,
  208: 1, // int 8, 16, 32
  209: 2,
  210: 4,
};
// The size of the length that follows.
const COUNTED: Record<number, number> = { 196: 1, 197: 2, 198: 4, 217: 1, 218: 2, 219: 4 }; // bin, str
const ARRAY: Record<number, number> = { 220: 2, 221: 4 };
const MAP: Record<number, number> = { 222: 2, 223: 4 };
const UINT64 = 0xcf;
const INT64 = 0xd3;

const EXTENSION =
  "a msgpack extension value (timestamp, date, custom type); send numbers, strings and float arrays";

/**
 * Walks a msgpack message once without building anything, and throws {@link DecodeError} unless it is exactly one
 * well-formed value within the limits and of the types this wire carries.
 *
 * It stands in front of msgpackr because that decoder, correct as it is, recurses as deep as the sender likes, builds
 * dates and regular expressions from extensions, and accepts record definitions it turns into code.
 */
export function scanMessage(bytes: Uint8Array, limits: WireLimits): void {
  if (bytes.length > limits.maxBytes) {
    throw new DecodeError("oversized", `message has ${bytes.length} bytes; the limit is ${limits.maxBytes}`);
  }
  new Scanner(bytes, limits).scan();
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: WireLimits;
  #position = 0;
  #values = 0;

  constructor(bytes: Uint8Array, limits: WireLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  scan(): void {
    this.#value(0);
    const rest = this.#bytes.length - this.#position;
    if (rest > 0) throw new DecodeError("trailing", `${rest} bytes follow the end of the message`);
  }

  #value(depth: number): void {
    this.#values++;
    if (this.#values > this.#limits.maxValues) {
      throw new DecodeError(
        "too-many-values",
        `message has more than ${this.#limits.maxValues} values; send arrays as ndarrays, not as lists of numbers`,
      );
    }
    const token = this.#uint(1);
    if (token < 0x80 || token >= 0xe0) return;
    if (token < 0x90) this.#map(token & 0x0f, depth);
    else if (token < 0xa0) this.#array(token & 0x0f, depth);
    else if (token < 0xc0) this.#skip(token & 0x1f);
    else if (token in FIXED) this.#skip(FIXED[token]);
    else if (token in COUNTED) this.#skip(this.#uint(COUNTED[token]));
    else if (token in ARRAY) this.#array(this.#uint(ARRAY[token]), depth);
    else if (token in MAP) this.#map(this.#uint(MAP[token]), depth);
    else if (token === INT64 || token === UINT64) this.#int64(token === INT64);
    else throw new DecodeError("unsupported", `byte ${this.#position - 1} starts ${EXTENSION}`);
  }

  // A container's length is checked against the bytes left (at least one per value) before it is believed.
  #array(length: number, depth: number): void {
    this.#enter(length, depth);
    for (let i = 0; i < length; i++) this.#value(depth + 1);
  }

  #map(length: number, depth: number): void {
    this.#enter(2 * length, depth);
    for (let i = 0; i < length; i++) {
      this.#key();
      this.#value(depth + 1);
    }
  }

  #enter(least: number, depth: number): void {
    if (depth >= this.#limits.maxDepth) {
      throw new DecodeError("too-deep", `message nests deeper than ${this.#limits.maxDepth} levels`);
    }
    this.#need(least);
  }

  #key(): void {
    this.#need(1);
    const token = this.#bytes[this.#position];
    const isText = (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb);
    const isBinary = token >= 0xc4 && token <= 0xc6;
    if (!isText && !isBinary) {
      throw new DecodeError("bad-key", `the map key at byte ${this.#position} is not a string`);
    }
    this.#value(0);
  }

  #int64(signed: boolean): void {
    this.#need(8);
    const value = signed ? this.#view.getBigInt64(this.#position) : this.#view.getBigUint64(this.#position);
    if (!Number.isSafeInteger(Number(value))) {
      throw new DecodeError(
        "integer-range",
        `integer ${value} is beyond 2^53 - 1, the largest that every client can hold exactly`,
      );
    }
    this.#position += 8;
  }

  #uint(size: number): number {
    this.#need(size);
    const at = this.#position;
    this.#position += size;
    if (size === 1) return this.#bytes[at];
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(length: number): void {
    this.#need(length);
    this.#position += length;
  }

  #need(length: number): void {
    if (length > this.#bytes.length - this.#position) {
      throw new DecodeError(
        "truncated",
        `message ends at byte ${this.#bytes.length}, but ${length} more are promised at byte ${this.#position}`,
      );
    }
  }
}
