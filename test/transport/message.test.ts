import { describe, expect, test } from "vitest";
import { encodeMessage, parseClientMessage, parseNodeMessage } from "../../src/transport/message.js";
import { float32 } from "../../src/transport/ndarray.js";
import { encode, type WireValue } from "../../src/transport/wire.js";
import { chunkMessage, observationMessage, policyMessage } from "./messages.js";

const refused = { type: "refused", id: null, stamp: null, reason: "busy", message: "two clients" } as const;

test.each([{ type: "hello" } as const, observationMessage()])("client message $type", (message) => {
  expect(parseClientMessage(encodeMessage(message))).toEqual({ ok: true, message });
});

test.each([policyMessage, chunkMessage(), refused])("node message $type", (message) => {
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
    const parsed = parseClientMessage(encode({ ...observationMessage({ id: 42 }), plan: 1 }));
    expect(parsed).toMatchObject({ refusal: { id: 42, stamp: 123_456_789_012_345 } });
    const unreadable = parseClientMessage(encode({ type: "observation", id: -1 }));
    expect(unreadable).toMatchObject({ refusal: { id: null, stamp: null } });
  });
});

test("a message over the limit is the sender's error, with the numbers", () => {
  const huge = observationMessage({ observation: { image: float32(new Float32Array(2 ** 21 + 1)) } });
  expect(() => encodeMessage(huge)).toThrow(/observation message has 838\d+ bytes; the limit is 8388608/);
});
