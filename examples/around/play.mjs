// The world of world.py, played from JavaScript: `parapilot run examples/around/launch.yaml` in one terminal, and in another
// `node examples/around/play.mjs`.
import { connectZeromqClient } from "parapilot";
import { PolicyClient } from "parapilot/sim";

const PERIOD_S = 0.1;
const MOST_STEPS = 80;

/** As in gymnasium: `reset` and `step`, with what is seen by the policy's names. */
class Around {
  reset(startY, goalY) {
    this.position = [-0.4, startY];
    this.velocity = [0, 0];
    this.goal = [0.4, goalY];
    return this.observe();
  }

  step(action) {
    this.velocity = this.velocity.map((v, d) => v + 0.5 * (action[d] - v));
    this.position = this.position.map((p, d) => p + PERIOD_S * this.velocity[d]);
    const isThere = Math.hypot(this.goal[0] - this.position[0], this.goal[1] - this.position[1]) < 0.03;
    const isLost = Math.hypot(...this.position) < 0.12;
    return { observation: this.observe(), isThere, terminated: isThere || isLost };
  }

  observe() {
    return { position: float32(this.position), goal: float32(this.goal) };
  }
}

const float32 = (values) => ({ dtype: "<f4", shape: [values.length], data: Float32Array.from(values) });

const endpoint = process.argv[2] ?? "tcp://127.0.0.1:5571";
const client = new PolicyClient(connectZeromqClient(endpoint), endpoint);
const policy = await client.describe();
const world = new Around();
for (const [episode, [startY, goalY]] of [
  [0.1, -0.1],
  [-0.15, -0.05],
].entries()) {
  let observation = world.reset(startY, goalY);
  let isThere = false;
  let steps = 0;
  for (let terminated = false; !terminated && steps < MOST_STEPS; steps++) {
    const reply = await client.act({ episode, step: steps, observation });
    if (reply.type === "refused") throw new Error(reply.message);
    // Row 0 is the action of this step; without a row the robot is to stay as it is.
    const action = reply.actions.shape[0] > 0 ? reply.actions.data.subarray(0, 2) : [0, 0];
    ({ observation, isThere, terminated } = world.step(action));
  }
  console.log(`${policy.name}, episode ${episode}: ${steps} steps, ${isThere ? "at" : "not at"} the goal`);
}
await client.close();
