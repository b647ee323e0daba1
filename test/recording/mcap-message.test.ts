import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigurationError } from "../../src/policy/errors.js";
import { jsonSchemaOf } from "../../src/recording/mcap-json-schema.js";
import { decodeEvent, encodeEvent } from "../../src/recording/mcap-message.js";
import type { RecordedEvent } from "../../src/recording/mcap-schema.js";
import { EVENTS, observed } from "./events.js";

const KINDS = Object.keys(EVENTS) as RecordedEvent["kind"][];

describe.each(KINDS)("a message of kind %s", (kind) => {
  test("gives the event back, bit for bit", () => {
    fc.assert(
      fc.property(EVENTS[kind], (event) => assert.deepStrictEqual(decodeEvent(encodeEvent(event)), event)),
    );
  });

  test("is what the schema in the file says", () => {
    const schema = z.fromJSONSchema(jsonSchemaOf(kind) as z.core.JSONSchema.JSONSchema);
    fc.assert(fc.property(EVENTS[kind], (event) => void schema.parse(JSON.parse(encodeEvent(event)))));
  });

  // Foxglove and its kin read a channel by its schema, and give it up at the first field of two types or of none.
  test("has one plain type per field", () => {
    const plain = z.discriminatedUnion("type", [
      z.looseObject({ type: z.enum(["string", "boolean", "number", "integer"]) }),
      z.looseObject({
        type: z.literal("array"),
        get items() {
          return plain;
        },
      }),
      z.looseObject({
        type: z.literal("object"),
        get properties() {
          return z.record(z.string(), plain);
        },
      }),
    ]);
    expect(() => plain.parse(jsonSchemaOf(kind))).not.toThrow();
  });
});

test("numbers that JSON cannot hold are named, not passed off as others", () => {
  const event = { ...observed(0, 3), ageMs: Number.POSITIVE_INFINITY } as RecordedEvent & {
    values: Float64Array;
  };
  event.values[1] = Number.NaN;
  event.values[2] = -0;
  const message = JSON.parse(encodeEvent(event));
  expect(message).not.toHaveProperty("age_ms");
  expect(message.values).toEqual([0, 0, -0]);
  expect(message.nonfinite).toEqual([
    { at: "age_ms", value: "Infinity" },
    { at: "values.1", value: "NaN" },
  ]);
});

test("an observation of before its age was told had none", () => {
  fc.assert(
    fc.property(EVENTS.observation, (event) => {
      const { stated_age_ms: stated, ...earlier } = JSON.parse(encodeEvent(event));
      // One that JSON cannot hold is elsewhere in the message.
      fc.pre(stated !== undefined);
      expect(decodeEvent(JSON.stringify(earlier))).toMatchObject({ kind: "observation", statedAgeMs: 0 });
    }),
  );
});

test("a tick's rung is there as a number, to plot", () => {
  const [tick] = fc.sample(EVENTS.tick, { numRuns: 1, seed: 1 });
  const message = JSON.parse(encodeEvent({ ...tick, rung: "hold" } as RecordedEvent));
  expect(message).toMatchObject({ rung: "hold", rung_number: 3 });
});

test.each([
  ["not JSON", "{", /not JSON/],
  ["no object", "null", /not an object/],
  ["an unknown kind", '{"kind":"toString"}', /no event is "toString"/],
  ["a missing field", '{"kind":"alarm","at":1,"robot":"arm"}', /alarm: due: must be a number/],
  ["an unknown field", '{"kind":"dropped","at":1,"count":2,"more":1}', /more/],
  [
    "a number out of place",
    '{"kind":"dropped","at":1,"count":2,"nonfinite":[{"at":"a.b","value":"NaN"}]}',
    /a\.b/,
  ],
])("%s is refused with the reason", (_, text, reason) => {
  expect(() => decodeEvent(text)).toThrow(ConfigurationError);
  expect(() => decodeEvent(text)).toThrow(reason);
});
