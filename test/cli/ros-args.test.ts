import { describe, expect, it } from "vitest";
import { withoutRosArgs } from "../../src/cli/ros-args.js";

describe("a command line without what is meant for ROS", () => {
  it("is untouched where there is none", () => {
    expect(withoutRosArgs(["ros", "launch/pusht.yaml", "--", "-r"])).toEqual([
      "ros",
      "launch/pusht.yaml",
      "--",
      "-r",
    ]);
  });

  it("ends where that begins", () => {
    const line = ["ros", "a.yaml", "--ros-args", "-r", "__node:=parapilot", "--params-file", "b.yaml"];
    expect(withoutRosArgs(line)).toEqual(["ros", "a.yaml"]);
  });

  it("goes on where that ends, as often as it does", () => {
    const line = ["a", "--ros-args", "-p", "x:=1", "--", "b", "--ros-args", "-r", "c:=d", "--", "e"];
    expect(withoutRosArgs(line)).toEqual(["a", "b", "e"]);
  });
});
