import { describe, expect, test } from "vitest";
import { Conversation } from "../../src/control/conversation.js";

/** Heard at `at` ms, acquired then too unless told. */
const heard = (id: number, at: number, stampMs = at) => ({ id, stamp: stampMs * 1000, receivedAt: at });
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

  test("has no age when the clock that stamps it was restarted in the silence", () => {
    const conversation = new Conversation();
    for (let k = 0; k < 3; k++) conversation.hear(heard(k, 50_000 + 100 * k));
    expect(conversation.hear(heard(0, 60_000, 10))).toEqual({ isNewer: true, isAnew: true, ageMs: 0 });
  });
});
