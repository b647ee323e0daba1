import { describe, expect, test } from "vitest";
import { CommandTrack } from "../../src/control/command-track.js";
import { jointManifest } from "../policy/manifests.js";

const { action } = jointManifest();
const track = (commands: number) => new CommandTrack(action, 100, commands);

describe("the commands of a step", () => {
  test("are none where the action is the only one", () => {
    expect(track(1).next(Float32Array.of(0.5, 1))).toEqual({});
  });

  test("begin at its action and run towards the next one", () => {
    const { commands } = track(4).next(Float32Array.of(0, 1, 2));
    expect(commands?.positions[0]).toBe(0);
    expect([...(commands?.positions ?? [])]).toEqual([...(commands?.positions ?? [])].sort((a, b) => a - b));
    expect(commands?.positions[3]).toBeLessThan(1);
    expect(commands?.velocities).toHaveLength(4);
  });

  test("go on where those of the step before ended, in position and velocity, over a seam too", () => {
    const one = track(1000);
    const first = one.next(Float32Array.of(0, 0.5, 1)).commands;
    const second = one.next(Float32Array.of(0.5, 0.7, 0.2)).commands;
    expect(second?.positions[0]).toBeCloseTo(first?.positions[999] ?? Number.NaN, 2);
    expect(second?.velocities[0]).toBeCloseTo(first?.velocities[999] ?? Number.NaN, 0);
  });

  test("come to rest where the plan ends, and stay", () => {
    const one = track(10);
    one.next(Float32Array.of(0, 1));
    one.next(Float32Array.of(1));
    expect(one.next(Float32Array.of(1)).commands?.positions).toEqual(new Float32Array(10).fill(1));
    expect(one.next(Float32Array.of(1)).commands?.velocities).toEqual(new Float32Array(10));
  });

  test("are none, and begin anew, for a robot that is to stay as it is", () => {
    const one = track(10);
    one.next(Float32Array.of(0, 1));
    expect(one.next(new Float32Array(0))).toEqual({});
    expect(one.next(Float32Array.of(-1)).commands?.positions).toEqual(new Float32Array(10).fill(-1));
  });
});
