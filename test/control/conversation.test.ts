import { describe, expect, test } from "vitest";
import { Conversation } from "../../src/control/conversation.js";

/** Heard at `at` ms, acquired then too unless told. */
const heard = (id: number, at: number, stampMs = at) => ({
  id,
  stamp: stampMs * 1000,
  statedAgeMs: 0,
  receivedAt: at,
});
const talk = (...all: ReturnType<typeof heard>[]) => {
  const conversation = new Conversation();
  return all.map((one) => {
    const hearing = conversation.hear(one);
    return hearing.isNewer ? (hearing.isAnew ? "anew" : "newer") : "old";
  });
};

describe("an observation", () => {
  test("counts once, and only while it is the newest", () => {
    expect(talk(heard(0, 0), heard(1, 100), heard(1, 110), heard(0, 120, 0), heard(2, 200))).toEqual([
      "newer",
      "newer",
      "old",
      "old",
      "newer",
    ]);
  });

  test("with id 0 that was acquired later begins anew: the robot was restarted", () => {
    expect(talk(heard(7, 0), heard(0, 100), heard(1, 200))).toEqual(["newer", "anew", "newer"]);
  });

  test("of any id begins anew after a second of silence", () => {
    expect(talk(heard(7, 0), heard(3, 900), heard(4, 1001), heard(5, 1100))).toEqual([
      "newer",
      "old",
      "anew",
      "newer",
    ]);
  });

  test("is as old as it was longer under way than the fastest", () => {
    const conversation = new Conversation();
    for (let k = 0; k < 3; k++) conversation.hear(heard(k, 100 * k + 5, 100 * k));
    expect(conversation.hear(heard(3, 380, 300))).toMatchObject({ ageMs: expect.closeTo(75, 1) });
  });

  test("is as old as the robot says, and by what it was longer under way", () => {
    const conversation = new Conversation();
    const shown = (id: number, at: number, stampMs: number, statedAgeMs: number) =>
      conversation.hear({ ...heard(id, at, stampMs), statedAgeMs });
    // Exposed for 60 or 20 ms before it was sent, which took 5 ms.
    for (let k = 0; k < 3; k++) shown(k, 100 * k + 65, 100 * k, 60);
    expect(shown(3, 325, 300, 20)).toMatchObject({ ageMs: expect.closeTo(20, 1) });
    expect(shown(4, 470, 400, 60)).toMatchObject({ ageMs: expect.closeTo(65, 1) });
  });

  test("has no age when the clock that stamps it was restarted in the silence", () => {
    const conversation = new Conversation();
    for (let k = 0; k < 3; k++) conversation.hear(heard(k, 50_000 + 100 * k));
    expect(conversation.hear(heard(0, 60_000, 10))).toEqual({
      isNewer: true,
      isAnew: true,
      ageMs: 0,
      lateMs: 0,
    });
  });

  test("is late by what is unusual of its age alone, stated or not", () => {
    const conversation = new Conversation();
    const shown = (id: number, ageMs: number) =>
      conversation.hear({ ...heard(id, 100 * id + ageMs, 100 * id), statedAgeMs: ageMs });
    for (let id = 0; id < 3; id++) {
      expect(shown(id, 120)).toMatchObject({ ageMs: expect.closeTo(120, 1), lateMs: expect.closeTo(0, 1) });
    }
    expect(shown(3, 180)).toMatchObject({ ageMs: expect.closeTo(180, 1), lateMs: expect.closeTo(60, 1) });
  });
});
