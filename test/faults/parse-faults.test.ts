import { describe, expect, test } from "vitest";
import { SOUND_WIRE } from "../../src/faults/faults.js";
import { FAULT_EXAMPLES, parseFaults } from "../../src/faults/parse-faults.js";
import { ConfigurationError } from "../../src/policy/errors.js";

test("every fault by name, with times in milliseconds", () => {
  const text =
    "latency=20ms,jitter=10ms,drop=0.5,duplicate=0.05,reorder=.25,freeze=2s@10s,nan=0.01,shape=1," +
    "worker-stall=3s@5,worker-crash@9,worker-nan@4,worker-delay=20ms,worker-jitter=1.5ms";
  expect(parseFaults(text, 7)).toEqual({
    wire: {
      latencyMs: 20,
      jitterMs: 10,
      drop: 0.5,
      duplicate: 0.05,
      reorder: 0.25,
      freezes: [{ atMs: 10_000, forMs: 2000 }],
      nan: 0.01,
      shape: 1,
    },
    worker: {
      stall: { at: 5, ms: 3000 },
      crash: { at: 9 },
      nan: { at: 4 },
      delay: { ms: 20, jitterMs: 1.5, seed: 7 },
    },
  });
});

test("a kind of fault that is not asked for is absent", () => {
  expect(parseFaults("drop=0.5")).toEqual({ wire: { ...SOUND_WIRE, drop: 0.5 } });
  expect(parseFaults("worker-stall@5")).toEqual({ worker: { stall: { at: 5, ms: null } } });
  expect(parseFaults("worker-jitter=5ms", 3)).toEqual({ worker: { delay: { ms: 0, jitterMs: 5, seed: 3 } } });
});

test("there may be several freezes, and spaces", () => {
  expect(parseFaults("freeze=2s@10s, freeze=500ms@1min").wire?.freezes).toEqual([
    { atMs: 10_000, forMs: 2000 },
    { atMs: 60_000, forMs: 500 },
  ]);
});

test("the examples that the help shows are accepted", () => {
  const { wire, worker } = parseFaults(FAULT_EXAMPLES);
  expect(Object.keys(wire ?? {})).toEqual(Object.keys(SOUND_WIRE));
  expect(Object.keys(worker ?? {}).sort()).toEqual(["crash", "delay", "nan", "stall"]);
});

describe("a wrong part is named, with what is accepted and an example", () => {
  test.each([
    ["drop=0.5,dorp=0.1", /^fault "dorp=0.1" is not known; .*choose from: latency=20ms, .*drop=0\.5/],
    ["", /^fault "" is not known/],
    ["drop=0.5,", /^fault "" is not known/],
    ["drop 0.5", /^fault "drop 0.5" is not known/],
    ["constructor=1", /^fault "constructor=1" is not known/],
    ["drop=1.5", /^fault "drop=1.5": a share is a number from 0 to 1; for example drop=0.5$/],
    ["drop=-0.1", /"drop=-0.1": a share is/],
    ["drop=50%", /"drop=50%": a share is/],
    ["drop", /"drop": a share is missing; for example drop=0.5/],
    ["drop=0.5@3s", /"drop=0.5@3s": there is one value too many/],
    ["drop=0.5,drop=0.6", /"drop=0.6": drop is given twice/],
    ["latency=20", /"latency=20": a time is a number with its unit: ms, s or min; for example latency=20ms/],
    ["latency=20us", /with its unit: ms, s or min/],
    ["latency=2000min", /a time is at most 60min/],
    ["freeze=2s", /"freeze=2s": a time is missing; for example freeze=2s@10s/],
    [
      "worker-stall",
      /"worker-stall": which solve is missing: @1 is the first one; for example worker-stall=3s@5/,
    ],
    ["worker-crash@0", /solves are counted from 1/],
    ["worker-crash@2s", /solves are counted from 1/],
    ["worker-crash=3@9", /"worker-crash=3@9": there is one value too many; for example worker-crash@9/],
  ])("%s", (text, message) => {
    expect(() => parseFaults(text)).toThrow(ConfigurationError);
    expect(() => parseFaults(text)).toThrow(message);
  });
});
