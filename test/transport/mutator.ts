import { GaussianStream } from "../../src/sampling/noise.js";
import type { DecodeReason } from "../../src/transport/decode-error.js";
import { encodeMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import { encode, type WireValue } from "../../src/transport/wire.js";
import { DEFAULT_WIRE_LIMITS } from "../../src/transport/wire-scan.js";
import { observationMessage } from "./messages.js";

/** Typed so that a new reason has to be listed here, and so to be reached. */
export const ALL_REASONS: { readonly [R in DecodeReason]: true } = {
  oversized: true,
  "too-deep": true,
  "too-many-values": true,
  truncated: true,
  trailing: true,
  unsupported: true,
  "bad-key": true,
  "bad-array": true,
  "bad-dtype": true,
  "integer-range": true,
};

const VALID = [
  encodeMessage({ type: "hello" }),
  encodeMessage(observationMessage()),
  encodeMessage(observationMessage({ reply: "paced", observation: { p: float32([1, 2, 3, 4], [2, 2]) } })),
  encode({
    ...observationMessage(),
    observation: { p: { dtype: "<f8", shape: [], data: Float64Array.of(1) } },
  }),
  encode({ a: [1, -1, 1.5, null, true, 2 ** 40, "é"], b: { c: { d: [] } } }),
].map((bytes) => new Uint8Array(bytes)); // slices of a Buffer would not be copies
// Container, text, binary, integer and extension tokens, with which a length or a type becomes a lie.
const HOSTILE = [
  0x80, 0x8f, 0x90, 0x9f, 0xbf, 0xc1, 0xc4, 0xc5, 0xc6, 0xc7, 0xc9, 0xcf, 0xd3, 0xd4, 0xd6, 0xd9,
];
const WIDE = [0xc6, 0xdb, 0xdd, 0xdf, 0xce, 0xcf, 0xd3, 0xc9];
const WRONG: readonly WireValue[] = [
  null,
  true,
  -1,
  1.5,
  2 ** 60,
  "",
  "x".repeat(300),
  [],
  [[]],
  {},
  { __ndarray__: true },
  float32([Number.NaN]),
  { dtype: "<i8", shape: [1], data: BigInt64Array.of(7n) },
];
const FIELDS = [...Object.keys(observationMessage()), "extra"];
export const OVERSIZED = new Uint8Array(DEFAULT_WIRE_LIMITS.maxBytes + 1);
const DTYPES = ["<f4", "<f8", "|u1", "<i8", "|b1", "|O8", ">f4", "<c8", "constructor", ""];

/** An endless, seeded stream of broken and sometimes valid messages. */
export class Mutator {
  readonly #draws: GaussianStream;
  readonly #kinds: readonly (() => Uint8Array)[];

  constructor(seed: number) {
    this.#draws = new GaussianStream(seed);
    const often = [
      () => this.#noise(this.#below(64)),
      () => this.#flipped(),
      () => this.#flipped(),
      () => this.#lying(),
      () => this.#lying(),
      () => this.#valid().slice(),
      () => this.#truncated(),
      () => this.#spliced(),
      () => this.#promising(),
      () => this.#nested(),
      () => this.#wrongArray(),
      () => this.#wrongArray(),
    ];
    this.#kinds = [...often, ...often, () => this.#wrongField()];
  }

  next(): Uint8Array {
    const rare = this.#below(20_000);
    if (rare === 0) return OVERSIZED;
    if (rare < 5) return this.#crowded();
    return this.#pick(this.#kinds)();
  }

  #below(limit: number): number {
    return Math.ceil(this.#draws.uniform() * limit) - 1;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)];
  }

  #valid(): Uint8Array {
    return this.#pick(VALID);
  }

  #noise(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let k = 0; k < length; k++) bytes[k] = this.#below(256);
    return bytes;
  }

  #flipped(): Uint8Array {
    const bytes = this.#valid().slice();
    for (let k = this.#below(4); k >= 0; k--) bytes[this.#below(bytes.length)] ^= 1 << this.#below(8);
    return bytes;
  }

  #lying(): Uint8Array {
    const bytes = this.#valid().slice();
    const at = this.#below(bytes.length);
    bytes[at] = this.#pick(HOSTILE);
    if (this.#below(2) === 0) bytes.set(this.#noise(4).subarray(0, bytes.length - at - 1), at + 1);
    return bytes;
  }

  #truncated(): Uint8Array {
    const bytes = this.#valid();
    return bytes.slice(0, this.#below(bytes.length));
  }

  #spliced(): Uint8Array {
    const head = this.#valid();
    const tail = this.#valid();
    const cut = this.#below(head.length + 1);
    return joined(head.subarray(0, cut), tail.subarray(this.#below(2) === 0 ? 0 : this.#below(tail.length)));
  }

  /** A container, text or number that claims up to 4 GiB, or any 64 bits. */
  #promising(): Uint8Array {
    const size = this.#below(3) === 0 ? Uint8Array.of(255, 255, 255, 255) : this.#noise(4);
    const token = Uint8Array.of(this.#pick(WIDE));
    return joined(token, size, this.#noise(this.#below(12)));
  }

  #nested(): Uint8Array {
    const bytes = new Uint8Array(this.#below(40) + 1).fill(this.#pick([0x91, 0x92, 0x81, 0xdc]));
    bytes[bytes.length - 1] = 0xc0;
    return bytes;
  }

  /** More values than a message may have, each of one byte. */
  #crowded(): Uint8Array {
    const count = DEFAULT_WIRE_LIMITS.maxValues - 2 + this.#below(5);
    return joined(Uint8Array.of(0xdc, count >> 8, count & 255), new Uint8Array(count).fill(0xc0));
  }

  /** An ndarray whose data type, shape, data or number of fields may be wrong. */
  #wrongArray(): Uint8Array {
    const dtype = this.#pick(DTYPES);
    const shape = [0x90 | 2, this.#below(4), this.#pick([0, 1, 2, 0xff, 0xc0, 0x90])];
    const data = this.#noise(this.#pick([0, 1, 4, 8, 16]));
    const parts = [
      binary("__ndarray__"),
      Uint8Array.of(this.#pick([0xc3, 0xc3, 0xc3, 0xc2])),
      binary("data"),
      Uint8Array.of(0xc4, data.length, ...data),
      binary("dtype"),
      text(dtype),
      binary(this.#pick(["shape", "shape", "shape", "other"])),
      Uint8Array.from(shape),
    ];
    const fields = this.#pick([4, 4, 4, 3]);
    return joined(Uint8Array.of(0x80 | fields), ...parts.slice(0, 2 * fields));
  }

  #wrongField(): Uint8Array {
    return encode({ ...observationMessage(), [this.#pick(FIELDS)]: this.#pick(WRONG) });
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function binary(name: string): Uint8Array {
  return Uint8Array.of(0xc4, name.length, ...Buffer.from(name));
}

function text(name: string): Uint8Array {
  return Uint8Array.of(0xa0 | name.length, ...Buffer.from(name));
}
