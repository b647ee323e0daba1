import { RosSession } from "../../../src/ros/rclnodejs/load.js";

// Tries to start where it must not, and says what it was told.
try {
  await RosSession.open("refused", []);
  process.stdout.write("ready, and should not be\n");
} catch (error) {
  process.stdout.write(`ready ${(error as Error).name}: ${(error as Error).message}\n`);
}
