import { once } from "node:events";
import { LATCHED_QOS } from "../../../src/ros/qos.js";
import { RosSession } from "../../../src/ros/rclnodejs/load.js";

// Answers what time it is.
const session = await RosSession.open("clocked", process.argv.slice(2));
const { graph } = session;
graph.service("std_srvs/srv/Trigger", "~/now", () => ({ success: true, message: String(graph.now()) }));
graph.publisher("std_msgs/msg/String", "~/latched", LATCHED_QOS).publish({ data: "from before" });
session.spin();
const stopped = once(process, "SIGTERM");
process.stdout.write("ready\n");
await stopped;
await session.close();
