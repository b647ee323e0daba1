import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32, type NdArray } from "../../src/transport/ndarray.js";
import { decode, encode, type WireValue } from "../../src/transport/wire.js";
import { DEFAULT_WIRE_LIMITS } from "../../src/transport/wire-scan.js";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const ARRAY = "84 c40b 5f5f6e6461727261795f5f c3 c404 64617461";
// What Python's openpi packing makes of {"state": np.arange(3, dtype="f4")}.
const GOLDEN = `81 a5 7374617465 ${ARRAY} c40c 000000000000803f00000040 c405 6474797065 a33c6634 c405 7368617065 91 03`;

describe("the openpi layout", () => {
  test("an ndarray is encoded byte for byte as Python does", () => {
    expect(Buffer.from(encode({ state: float32([0, 1, 2]) })).toString("hex")).toBe(
      GOLDEN.replaceAll(" ", ""),
    );
  });

  test("Python's bytes decode, at any alignment, into memory of their own", () => {
    const bytes = hex(GOLDEN);
    for (let offset = 0; offset < 8; offset++) {
      const shifted = new Uint8Array(bytes.length + offset).subarray(offset);
      shifted.set(bytes);
      const decoded = decode(shifted);
      shifted.fill(0);
      expect(decoded).toEqual({ ok: true, value: { state: float32([0, 1, 2]) } });
    }
  });

  test("a numpy scalar becomes a number", () => {
    // openpi packing of {"gain": np.float32(1.5), "on": np.bool_(True)}.
    const scalar = "83 c40d 5f5f6e7067656e657269635f5f c3 c404 64617461";
    const bytes = hex(
      `82 a4 6761696e ${scalar} cb3ff8000000000000 c405 6474797065 a33c6634 a2 6f6e ${scalar} c3 c405 6474797065 a37c6231`,
    );
    expect(decode(bytes)).toEqual({ ok: true, value: { gain: 1.5, on: true } });
  });

  test("integers beyond 32 bits travel as msgpack integers", () => {
    expect(Buffer.from(encode(10 ** 15)).toString("hex")).toBe("d300038d7ea4c68000");
    expect(Buffer.from(encode(-5e12)).toString("hex")).toBe("d3fffffb73d8c6b000");
  });
});

const ndArray: fc.Arbitrary<NdArray> = fc
  .tuple(fc.array(fc.nat(4), { maxLength: 3 }), fc.constantFrom("<f4", "<f8", "|u1", "<i4", "<i8", "|b1"))
  .chain(([shape, dtype]) => {
    const length = shape.reduce((product, n) => product * n, 1);
    const exactly = { minLength: length, maxLength: length };
    const data: Record<string, fc.Arbitrary<NdArray["data"]>> = {
      "<f4": fc.float32Array(exactly),
      "<f8": fc.float64Array(exactly),
      "|u1": fc.uint8Array(exactly),
      "<i4": fc.int32Array(exactly),
      "<i8": fc.bigInt64Array(exactly),
      "|b1": fc.uint8Array({ ...exactly, max: 1 }),
    };
    return data[dtype].map((values) => ({ dtype, shape, data: values }) as NdArray);
  });

const leaf = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.maxSafeInteger(),
  fc.double().map((x) => (x === 0 ? 0 : x)), // the integer 0 has no sign
  fc.boolean(),
  fc.constant(null),
  ndArray,
);
const key = fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__");
const wireValue = fc.letrec<{ tree: WireValue }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 20 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 20, noNullPrototype: true }),
  ),
})).tree;

test("every value comes back as it was sent, NaN and infinities included", () => {
  fc.assert(
    fc.property(wireValue, (value) => {
      expect(decode(encode(value))).toEqual({ ok: true, value });
    }),
    { numRuns: 500 },
  );
});

describe("refusals", () => {
  const array = (dtype: string, shape: string, data = "c404 00000000") =>
    `${ARRAY} ${data} c405 6474797065 ${dtype} c405 7368617065 ${shape}`;
  test.each([
    ["truncated", "81 a5 7374"],
    ["truncated", ""],
    ["truncated", "dd ffffffff"],
    ["truncated", "df ffffffff"],
    ["truncated", "c6 ffffffff 00"],
    ["truncated", "db ffffffff 00"],
    ["trailing", "c0 c0"],
    ["too-deep", `${"91".repeat(17)} c0`],
    ["unsupported", "c1"],
    ["unsupported", "d6 ff 00000000"], // timestamp
    ["unsupported", "c7 04 78 615e2b20"], // msgpackr's regular expression
    ["unsupported", "d4 72 40"], // msgpackr's record definition
    ["unsupported", "81 a1 61 c401 00"], // raw bytes
    ["bad-key", "81 01 02"],
    ["bad-key", "81 c3 02"],
    ["bad-key", "81 c0 02"],
    ["bad-key", "81 c404 64617461 02"],
    ["bad-key", "81 a9 5f5f70726f746f5f5f 80"],
    ["integer-range", "cf ffffffffffffffff"],
    ["integer-range", "d3 8000000000000000"],
    ["integer-range", "cf 0020000000000000"], // 2^53
    ["bad-array", array("a33c6634", "91 02")], // 8 bytes promised, 4 there
    ["bad-array", array("a33c6634", "91 ff")], // -1
    ["bad-array", array("a33c6634", "92 ce80000000 ce80000000")],
    ["bad-array", array("a33c6634", "91 cb3ff0000000000000".replace("3ff0", "3fe0"))], // 0.5
    ["bad-array", array("a33c6634", "01")],
    ["bad-array", array("a33c6634", "91 01", "a400000000")],
    ["bad-array", "81 c40b 5f5f6e6461727261795f5f c3"],
    ["bad-dtype", array("a37c4f38", "91 01")], // objects
    ["bad-dtype", array("a37c5634", "91 01")], // records
    ["bad-dtype", array("a33c6338", "91 01")], // complex
    ["bad-dtype", array("a33e6634", "91 01")], // big-endian
    ["bad-dtype", array("ab 636f6e7374727563746f72".replace("ab ", "ab"), "91 01")], // "constructor"
  ])("%s: %s", (reason, bytes) => {
    expect(decode(hex(bytes))).toMatchObject({ ok: false, reason });
  });

  test("the message names the numbers and the remedy", () => {
    expect(decode(hex(array("a33c6634", "91 02")))).toMatchObject({
      message: "an ndarray of shape [2] and dtype <f4 needs 8 bytes, but has 4",
    });
    expect(decode(hex(array("a37c4f38", "91 01")))).toMatchObject({
      message: expect.stringMatching(/"\|O8".*astype\("<f4"\)/),
    });
  });

  test("oversized, and the largest that is not", () => {
    const limits = { ...DEFAULT_WIRE_LIMITS, maxBytes: 100 };
    const ofLength = (n: number) => Buffer.concat([Buffer.of(0xd9, n - 2), Buffer.alloc(n - 2, 0x61)]);
    expect(decode(ofLength(100), limits).ok).toBe(true);
    expect(decode(ofLength(101), limits)).toMatchObject({ reason: "oversized" });
  });

  test("millions of tiny values are refused before anything is built", () => {
    const bytes = Buffer.concat([hex("dd 007fff00"), Buffer.alloc(0x7fff00, 0x90)]);
    expect(decode(bytes)).toMatchObject({ reason: "too-many-values" });
  });

  test("a polluting key leaves Object alone", () => {
    decode(hex("81 a9 5f5f70726f746f5f5f 81 a1 78 01"));
    decode(hex("81 ab 636f6e7374727563746f72 81 a9 70726f746f74797065 81 a1 78 01"));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test("encode refuses what the wire does not carry", () => {
    expect(() => encode({ a: undefined } as unknown as WireValue)).toThrow(/undefined/);
    expect(() => encode(new Float32Array(2) as unknown as WireValue)).toThrow(/Float32Array/);
    const liar = { dtype: "<f4", shape: [3], data: new Float32Array(2) } as WireValue;
    expect(() => encode(liar)).toThrow(/Float32Array/);
    expect(() => float32([1, 2, 3], [2, 2])).toThrow("shape [2, 2] holds 4 elements, but the data has 3");
  });
});

describe("hostile bytes", () => {
  test("random bytes are a value or a refusal, never an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof decode(bytes).ok).toBe("boolean");
      }),
      { numRuns: 20_000 },
    );
  });

  test("so are damaged messages, with bounded memory", () => {
    const valid = encode({
      type: "observation",
      id: 7,
      names: ["a", "b"],
      observation: { p: float32([1, 2, 3, 4], [2, 2]) },
    });
    const before = process.memoryUsage().rss;
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(valid.length - 1), fc.oneof(fc.nat(255), fc.integer({ min: 0xc0, max: 0xdf }))),
          { maxLength: 4 },
        ),
        fc.nat(valid.length),
        (damage, length) => {
          const bytes = valid.slice(0, length % 3 === 0 ? length : valid.length);
          for (const [at, byte] of damage) if (at < bytes.length) bytes[at] = byte;
          expect(typeof decode(bytes).ok).toBe("boolean");
        },
      ),
      { numRuns: 20_000 },
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  });
});
