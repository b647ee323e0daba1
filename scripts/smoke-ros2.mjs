// A node that sends itself a message over the graph. In a process of its own: whatever goes wrong stays in here.
import { RosSession } from "../dist/src/ros/rclnodejs/load.js";

const session = await RosSession.open("parapilot_setup", []);
const { graph } = session;
const qos = { reliability: "reliable", durability: "transient_local", depth: 1 };
const began = performance.now();
const heard = new Promise((resolve) =>
  graph.subscription("std_msgs/msg/Float32MultiArray", "~/smoke", qos, resolve),
);
session.spin();
graph
  .publisher("std_msgs/msg/Float32MultiArray", "~/smoke", qos)
  .publish({ data: new Float32Array([1, 2, 3, 4]).subarray(2) });
const { data } = await Promise.race([
  heard,
  new Promise((_, reject) => setTimeout(reject, 20_000, new Error("no message arrived within 20 s"))),
]);
if (data[0] !== 3 || data.length !== 2) throw new Error(`another message arrived than was sent: ${data}`);
console.log(`${graph.name}, after ${(performance.now() - began).toFixed(0)} ms`);
await session.close();
process.exit(0);
