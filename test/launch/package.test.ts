import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { observe } from "../../sim/pusht/observation.js";
import { JOINTS, PIXELS_PER_METRE } from "../../sim/ros/board.js";
import { loadLaunch } from "../../src/launch/launch.js";
import { MESSAGE_PACKAGES } from "../../src/ros/rclnodejs/environment.js";

describe("the ROS package", () => {
  it("has the version of the npm package, and depends on the messages it speaks", async () => {
    const xml = await readFile("package.xml", "utf8");
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(xml).toContain(`<version>${version}</version>`);
    for (const name of MESSAGE_PACKAGES) expect(xml).toContain(`<exec_depend>${name}</exec_depend>`);
  });

  it("has the launch files that others include", async () => {
    expect(await readdir("launch")).toEqual(
      expect.arrayContaining(["pusht.launch.py", "joint_trajectory.launch.py", "zeromq.launch.py"]),
    );
  });
});

describe("the shipped launch files", () => {
  it.each(["launch/pusht.yaml", "launch/pusht-gantry.yaml"])(
    "%s see the policy's keypoints where the simulator's block has them",
    async (file) => {
      const { ros } = await loadLaunch(file);
      const keypoints = ros?.observations.keypoints;
      if (keypoints?.type !== "geometry_msgs/msg/PoseStamped") throw new Error("not a pose");
      const seen = keypoints.body_points?.flat().map((value) => value * (keypoints.scale ?? 1));
      const atOrigin = Array.from(observe([0, 0, 0, 0, 0]).keypoints);
      expect(seen?.length).toBe(atOrigin.length);
      atOrigin.forEach((value, k) => {
        expect(seen?.[k]).toBeCloseTo(value, 9);
      });
      for (const { scale } of ros?.actions ?? []) expect(scale).toBe(PIXELS_PER_METRE);
    },
  );

  it("name the joints of the simulated gantry", async () => {
    const { ros } = await loadLaunch("launch/pusht-gantry.yaml");
    expect(ros?.observations.agent_position).toMatchObject({ joints: [...JOINTS] });
    expect(ros?.actions).toMatchObject([{ joints: { gantry_x: "target_x", gantry_y: "target_y" } }]);
  });
});
