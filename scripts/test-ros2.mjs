// Runs the tests that need a sourced ROS 2, or says in one line that they were skipped.
import { spawnSync } from "node:child_process";
import { rosEnvironment } from "../dist/src/ros/rclnodejs/environment.js";

if (!process.env.AMENT_PREFIX_PATH || !process.env.ROS_DISTRO) {
  console.log("skipped: ROS 2 is not sourced");
  process.exit(0);
}
const { reason } = rosEnvironment();
if (reason !== undefined) {
  // ROS 2 is there, so the tests are wanted.
  console.error(reason);
  process.exit(1);
}
// rclnodejs aborts in a worker thread, and one graph at a time keeps the timing of two cores honest.
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--pool", "forks", "--no-file-parallelism", "dist/test/ros2"],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
