import { Packr } from "msgpackr/pack";
import { describe, expect, test } from "vitest";
import { encodeMessage, parseClientMessage, parseNodeMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import { encode, type WireValue } from "../../src/transport/wire.js";
import { actionMessage, observationMessage, policyMessage } from "./messages.js";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const refused = { type: "refused", id: null, stamp: null, reason: "busy", message: "two clients" } as const;

test.each([{ type: "hello" } as const, observationMessage()])("client message $type", (message) => {
  expect(parseClientMessage(encodeMessage(message))).toEqual({ ok: true, message });
});

test.each([policyMessage, actionMessage(), refused])("node message $type", (message) => {
  expect(parseNodeMessage(encodeMessage(message))).toEqual({ ok: true, message });
});

test("NaN and infinity in an observation survive: the policy names them by key and index", () => {
  const message = observationMessage({ observation: { p: float32([Number.NaN, Number.POSITIVE_INFINITY]) } });
  expect(parseClientMessage(encodeMessage(message))).toEqual({ ok: true, message });
});

describe("a refusal names the field and the value", () => {
  const { observation: _, ...rest } = observationMessage();
  const i8 = { dtype: "<i8", shape: [2], data: new BigInt64Array(2) } as const;
  test.each<[string, WireValue, RegExp]>([
    ["no map", 3, /^message: .*\(got 3\)$/],
    ["unknown type", { type: "observe" }, /^type: .*"observe"/],
    ["a node's message", policyMessage as WireValue, /^type: .*"policy"/],
    [
      "text step",
      observationMessage({ step: "3" as unknown as number }),
      /^step: .*expected number.*got "3"/,
    ],
    ["fractional id", observationMessage({ id: 1.5 }), /^id: .*got 1.5/],
    ["negative stamp", observationMessage({ stamp: -1 }), /^stamp: .*got -1/],
    ["missing field", rest, /^observation: .*got nothing/],
    ["misspelt field", { ...observationMessage(), epsiode: 3 }, /"epsiode".*correct the spelling/],
    [
      "list",
      { ...observationMessage(), observation: { p: [1, 2] } },
      /^observation\.p: .*np\.asarray.*got a list of 2/,
    ],
    [
      "integers",
      { ...observationMessage(), observation: { p: i8 } },
      /^observation\.p: .*got an ndarray <i8 \[2\]/,
    ],
  ])("%s", (_name, value, text) => {
    const parsed = parseClientMessage(encode(value));
    expect(parsed).toMatchObject({
      ok: false,
      refusal: { reason: "malformed", message: expect.stringMatching(text) },
    });
  });

  test("and answers the observation it was sent for, where that can be read", () => {
    const parsed = parseClientMessage(encode({ ...observationMessage({ id: 42 }), reply: 1 }));
    expect(parsed).toMatchObject({ refusal: { id: 42, stamp: 123_456_789_012_345 } });
    const unreadable = parseClientMessage(encode({ type: "observation", id: -1 }));
    expect(unreadable).toMatchObject({ refusal: { id: null, stamp: null } });
  });
});

describe("a refusal is short enough to be sent, however much there is to quote", () => {
  const megabyte = "x".repeat(2 ** 20);
  const arrayWith = (shape: unknown) =>
    packr.pack(
      new Map(
        Object.entries({ __ndarray__: true, data: Buffer.alloc(4), dtype: "<f4", shape }).map(
          ([key, field]) => [Buffer.from(key), field],
        ),
      ),
    );
  const manyFields = Object.fromEntries(Array.from({ length: 2000 }, (_, k) => [`field ${k}`, k]));
  test.each<[string, Uint8Array]>([
    ["a type", encode({ type: megabyte })],
    ["an observation's name", encode({ ...observationMessage(), observation: { [megabyte]: 1 } })],
    ["a field's name", encode({ ...observationMessage(), [megabyte]: 1 })],
    ["fields", encode({ ...observationMessage(), ...manyFields })],
    ["a map instead of an array", encode({ ...observationMessage(), observation: { p: manyFields } })],
    ["a binary key", packr.pack(new Map([[Buffer.alloc(2 ** 20, 1), 1]]))],
    ["binary keys", packr.pack(new Map(Array.from({ length: 2000 }, (_, k) => [Buffer.from(`${k}`), 1])))],
    ["a length of a shape", arrayWith([megabyte])],
    ["a shape", arrayWith(new Array(4000).fill(1e15))],
    ["text instead of observations", encode({ ...observationMessage(), observation: megabyte })],
  ])("%s", (_name, bytes) => {
    const parsed = parseClientMessage(bytes);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(encodeMessage(parsed.refusal).length).toBeLessThan(4096);
  });
});

test("a message over the limit is the sender's error, with the numbers", () => {
  const huge = observationMessage({ observation: { image: float32(new Float32Array(2 ** 21 + 1)) } });
  expect(() => encodeMessage(huge)).toThrow(/observation message has 838\d+ bytes; the limit is 8388608/);
});
