import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { rosEnvironment } from "../../src/ros/rclnodejs/environment.js";
import { isSkipped, NodeUnderTest, titled } from "./harness.js";

const { PATH, HOME, AMENT_PREFIX_PATH, ROS_DISTRO } = process.env;

describe.skipIf(isSkipped)(titled("a compiled rclnodejs"), () => {
  const checksum = async () => {
    const file = rosEnvironment().addon as string;
    return createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  };

  it.each([
    [
      "in a shell without ROS 2",
      { PATH, HOME },
      /^ready ConfigurationError: ROS 2 is not sourced: run `source/,
    ],
    [
      "where the libraries of ROS 2 are not found",
      { PATH, HOME, AMENT_PREFIX_PATH, ROS_DISTRO },
      /^ready ConfigurationError: rclnodejs was compiled for another ROS 2/,
    ],
  ])("outlives a start %s, which says what to do", async (_where, env, told) => {
    const before = await checksum();
    const node = await NodeUnderTest.start("nodes/refused.js", [], env as NodeJS.ProcessEnv);
    expect(await node.line(/^ready/)).toMatch(told);
    expect(await node.ended).toBe(0);
    expect(await checksum()).toBe(before);
  });
});
