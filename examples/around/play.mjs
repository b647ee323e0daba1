// The world of world.mjs, played by a node's policy: `parapilot run examples/around/launch.yaml` in one terminal, and in
// another `node examples/around/play.mjs`.
import { connectZeromqClient } from "parapilot";
import { PolicyClient } from "parapilot/sim";
import around from "./world.mjs";

const endpoint = process.argv[2] ?? "tcp://127.0.0.1:5571";
const client = new PolicyClient(connectZeromqClient(endpoint), endpoint);
const policy = await client.describe();
const { env } = around();
for (const [episode, seed] of [100000, 100001].entries()) {
  let { observation } = env.reset({ seed });
  let reward = 0;
  let steps = 0;
  for (let isOver = false; !isOver; steps++) {
    const seen = { position: float32(observation.position), goal: float32(observation.goal) };
    const reply = await client.act({ episode, step: steps, observation: seen });
    if (reply.type === "refused") throw new Error(reply.message);
    // Row 0 is the action of this step; without a row the robot is to stay as it is.
    const action = reply.actions.shape[0] > 0 ? reply.actions.data.subarray(0, 2) : [0, 0];
    const result = env.step(action);
    ({ observation, reward } = result);
    isOver = result.terminated || result.truncated;
  }
  console.log(
    `${policy.name}, episode ${episode}: ${steps} steps, ${reward === 1 ? "at" : "not at"} the goal`,
  );
}
await client.close();

function float32(values) {
  return { dtype: "<f4", shape: [values.length], data: Float32Array.from(values) };
}
