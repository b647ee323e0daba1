// The world of world.py for `parapilot eval world.mjs --policy policy`: the same episodes for the same seeds.
import { RandomState } from "parapilot/sim";

const PERIOD_S = 0.1;
const FASTEST = 0.5;
const DISC = 0.12;
const NEAR = 0.03;
const MOST_STEPS = 80;

/** @returns {import("parapilot/sim").World} */
export default function around() {
  const env = new Around();
  return { task: "around", env, hold: () => [0, 0], render: (overlay) => draw(env, overlay) };
}

/** `reset` and `step` as in gymnasium, with what is seen by the policy's names. */
class Around {
  reset({ seed }) {
    const random = new RandomState(seed);
    this.position = [-0.4, random.uniform(-0.2, 0.2)];
    this.goal = [0.4, random.uniform(-0.2, 0.2)];
    this.velocity = [0, 0];
    this.steps = 0;
    this.way = this.left();
    return { observation: this.observe(), info: { progress: 0 } };
  }

  step(action) {
    this.velocity = this.velocity.map(
      (v, d) => v + 0.5 * (Math.min(FASTEST, Math.max(-FASTEST, action[d])) - v),
    );
    this.position = this.position.map((p, d) => p + PERIOD_S * this.velocity[d]);
    this.steps += 1;
    const isThere = this.left() < NEAR;
    const isLost = Math.hypot(...this.position) < DISC;
    const progress = isLost ? 0 : isThere ? 1 : Math.max(0, 1 - this.left() / this.way);
    return {
      observation: this.observe(),
      reward: progress,
      terminated: isThere || isLost,
      truncated: this.steps >= MOST_STEPS,
      info: { progress },
    };
  }

  left() {
    return Math.hypot(this.goal[0] - this.position[0], this.goal[1] - this.position[1]);
  }

  observe() {
    return { position: [...this.position], goal: [...this.goal] };
  }
}

/** An SVG picture, for reports: where the point is, and where the planned velocities would take it. */
function draw({ position, goal }, { plan, caption }) {
  const way = [position];
  for (const velocity of plan) way.push(way.at(-1).map((p, d) => p + PERIOD_S * velocity[d]));
  const pixels = ([x, y]) => [256 + 512 * x, 256 - 512 * y];
  const disc = (at, radius, colour) => {
    const [x, y] = pixels(at);
    return `<circle cx="${x}" cy="${y}" r="${512 * radius}" fill="${colour}"/>`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"><rect width="512" height="512" fill="#fff"/>
    ${disc([0, 0], DISC, "#aab4c0")}${disc(goal, NEAR, "#90ee90")}
    <polyline points="${way.map(pixels).join(" ")}" fill="none" stroke="#d33" stroke-width="3"/>
    ${disc(position, 0.015, "#4169e1")}<text x="12" y="24" font-family="sans-serif">${caption}</text></svg>`;
}
