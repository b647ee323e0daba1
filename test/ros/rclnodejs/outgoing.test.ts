import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outgoingMessages } from "../../../src/ros/rclnodejs/outgoing.js";

const field = (name: string, type: string, isArray = false, pkgName: string | null = null) => ({
  name,
  type: { type, pkgName, isArray, isPrimitiveType: pkgName === null },
});
const message = (...fields: object[]) => ({ ROSMessageDef: { fields } });
const classes: Record<string, unknown> = {
  "std_msgs/msg/Header": message(field("frame_id", "string")),
  "trajectory_msgs/msg/JointTrajectoryPoint": message(field("positions", "float64", true)),
};
const outgoing = (...fields: object[]) => outgoingMessages(message(...fields), (type) => classes[type]);

describe("an outgoing array", () => {
  const floats = outgoing(field("data", "float32", true));
  const bytes = outgoing(field("data", "uint8", true));
  const data = (made: object) => (made as { data: unknown }).data;

  it("that is whole and of the exact type goes out as it is", () => {
    const image = { data: new Uint8Array(12) };
    expect(bytes(image)).toBe(image);
    const list = { data: [1, 2.5] };
    expect(floats(list)).toBe(list);
  });

  it("is copied where it is a view, a pooled Buffer, or of other elements, and the message stays as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 20 }), fc.nat(3), (values, offset) => {
        const view = Float32Array.from([...Array(offset).fill(-1), ...values]).subarray(offset);
        for (const given of [view, Float64Array.from(values), values]) {
          const before = { data: given };
          const sent = data(floats(before)) as Float32Array;
          expect([...sent]).toEqual(values);
          expect(before.data).toBe(given);
          if (!Array.isArray(sent)) {
            expect(sent).toBeInstanceOf(Float32Array);
            expect(sent.buffer.byteLength).toBe(sent.byteLength);
          }
        }
      }),
    );
    const sent = data(bytes({ data: Buffer.from([1, 2, 3]) })) as Uint8Array;
    expect([...sent]).toEqual([1, 2, 3]);
    expect(sent.buffer.byteLength).toBe(3);
  });

  it("is found inside of messages and of lists of messages", () => {
    const trajectory = outgoing(
      field("header", "Header", false, "std_msgs"),
      field("joint_names", "string", true),
      field("points", "JointTrajectoryPoint", true, "trajectory_msgs"),
    );
    const positions = new Float32Array([0, 1, 2]).subarray(1);
    const made = trajectory({
      header: { frame_id: "a" },
      joint_names: ["a", "b"],
      points: [{ positions }, {}],
    });
    expect(made).toEqual({
      header: { frame_id: "a" },
      joint_names: ["a", "b"],
      points: [{ positions: new Float64Array([1, 2]) }, {}],
    });
  });

  it("of a type for which rclnodejs takes no typed array becomes a list", () => {
    const flags = outgoing(field("flags", "bool", true));
    expect(flags({ flags: new Uint8Array([1, 0]) })).toEqual({ flags: [1, 0] });
  });

  it("that is missing or null stays so", () => {
    expect(floats({})).toEqual({});
    expect(floats({ data: null })).toEqual({ data: null });
  });
});
