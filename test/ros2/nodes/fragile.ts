import { once } from "node:events";
import { LATCHED_QOS } from "../../../src/ros/qos.js";
import { RosSession } from "../../../src/ros/rclnodejs/load.js";

// A node that does whatever should end it, as its topics and services are used.
const session = await RosSession.open("fragile", process.argv.slice(2), true);
const { graph } = session;

graph.subscription("std_msgs/msg/String", "~/throw", LATCHED_QOS, () => {
  throw new Error("a listener threw");
});
graph.subscription("std_msgs/msg/String", "~/reject", LATCHED_QOS, (async () => {
  throw new Error("a listener rejected");
}) as () => void);
graph.service("std_srvs/srv/Trigger", "~/throw", () => {
  throw new Error("a service threw");
});
graph.service("std_srvs/srv/Trigger", "~/reject", async () => {
  throw new Error("a service rejected");
});
graph.service("std_srvs/srv/Trigger", "~/ping", async () => ({ success: true, message: "pong" }));
const echo = graph.publisher("std_msgs/msg/String", "~/joints", LATCHED_QOS);
graph.subscription("sensor_msgs/msg/JointState", "joint_states", LATCHED_QOS, (message) => {
  const { name, position } = message as { name: string[]; position: Float64Array };
  echo.publish({ data: JSON.stringify([name, position.constructor.name, [...position]]) });
});

const values = graph.parameters.declare([
  {
    name: "gain",
    type: "double",
    value: 1,
    description: "of the loop",
    readOnly: false,
    range: { min: 0, max: 10 },
  },
  { name: "steps", type: "integer", value: 8, description: "executed", readOnly: false },
  { name: "policy", type: "string", value: "pusht", description: "bundle", readOnly: true },
  { name: "joints", type: "string_array", value: ["a"], description: "names", readOnly: false },
]);
graph.parameters.guard((changes) =>
  changes.get("gain") === 7 ? "gain 7 makes this arm swing: use 6 or less" : undefined,
);

let mayFail = "";
graph.service("std_srvs/srv/SetBool", "~/fail", (request) => {
  mayFail = (request as { data: boolean }).data ? "activate" : "deactivate";
  return { success: true };
});
let release = () => {};
graph.service("std_srvs/srv/Trigger", "~/release", () => {
  release();
  return { success: true };
});
const step = (name: string) => async () => {
  process.stdout.write(`step ${name}\n`);
  if (name === "configure") await new Promise<void>((resolve) => (release = resolve));
  if (name === mayFail) {
    mayFail = "";
    throw new Error(`${name} cannot work today`);
  }
};
const lifecycle = session.lifecycle({
  configure: step("configure"),
  activate: step("activate"),
  deactivate: step("deactivate"),
  cleanup: step("cleanup"),
  shutdown: step("shutdown"),
  recover: step("recover"),
});

session.spin();
const stopped = Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
process.stdout.write(`ready ${JSON.stringify([graph.name, [...values]])}\n`);
await stopped;
await lifecycle.change("shutdown");
await session.close();
process.stdout.write("closed\n");
