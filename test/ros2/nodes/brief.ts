import { RosSession } from "../../../src/ros/rclnodejs/load.js";

// Leaves the graph while other things wait for their turn.
const session = await RosSession.open("brief", []);
session.spin();
process.stdout.write("ready\n");
const closed = session.close();
for (let k = 0; k < 3; k++) setImmediate(() => {});
await closed;
