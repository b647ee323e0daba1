import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pose } from "../../../sim/arm/pose.js";
import { RandomState } from "../../../sim/mt19937.js";
import { axisAngleToQuaternion } from "../../../sim/rotation/axis-angle.js";
import { aboutZ, product } from "../../../sim/rotation/quaternion.js";
import { angleBetween, distance } from "../../../sim/table/stride.js";
import { CONTROL_PERIOD, TableTop } from "../../../sim/table/table-top.js";

const DEGREE = Math.PI / 180;
const OPEN = -1;
const CLOSE = 1;
const HALF = 0.021;

let table: TableTop;
beforeAll(async () => {
  table = await TableTop.build([{ name: "cube", halfSide: HALF, rgba: "1 0 0 1" }]);
});
afterAll(() => table.simulation.close());

function start(seed: number): Pose {
  table.reset(new RandomState(seed), [{ position: [0.1, 0.2, 0.8 + HALF], orientation: [0, 0, 0, 1] }]);
  return table.arm.pose();
}

/** Runs a reference by its time and gives the farthest that the hand was from it, m and rad, at the ends of control steps. */
function track(
  reference: (seconds: number) => Pose,
  steps: number,
  from = 1,
): [distance: number, angle: number] {
  let [far, turned] = [0, 0];
  for (let k = from; k <= steps; k++) {
    const target = reference(k * CONTROL_PERIOD);
    table.step(target, OPEN);
    far = Math.max(far, distance(table.arm.pose(), target));
    turned = Math.max(turned, angleBetween(table.arm.pose(), target));
  }
  return [far, turned];
}

describe("the arm", () => {
  it.each([0, 1])(
    "follows a circle at 0.14 m/s, turning by up to 0.6 rad/s, within 1 cm and 2° (seed %i)",
    (seed) => {
      const home = start(seed);
      const [x, y, z] = home.position;
      const [far, turned] = track((t) => {
        const phase = 1.4 * t;
        const turn = axisAngleToQuaternion([0.2 * Math.sin(1.75 * t), 0, 0.3 * Math.sin(1.67 * t)]);
        return {
          position: [x + 0.1 * (1 - Math.cos(phase)), y + 0.1 * Math.sin(phase), z - 0.05 * Math.sin(phase)],
          orientation: product(turn, home.orientation),
        };
      }, 200);
      expect(far).toBeLessThan(0.01);
      expect(turned).toBeLessThan(2 * DEGREE);
    },
  );

  it("goes to a far target without overshooting by more than a centimetre, and stays there", () => {
    const home = start(3);
    const target: Pose = {
      position: [0.1, -0.15, 0.95],
      orientation: product(aboutZ(0.7), home.orientation),
    };
    let overshoot = 0;
    for (let k = 0; k < 40; k++) {
      table.step(target, OPEN);
      overshoot = Math.max(overshoot, table.arm.pose().position[0] - target.position[0]);
    }
    expect(overshoot).toBeLessThan(0.01);
    expect(distance(table.arm.pose(), target)).toBeLessThan(0.001);
    expect(angleBetween(table.arm.pose(), target)).toBeLessThan(0.2 * DEGREE);
  });

  it("keeps its posture while the hand stays where it is", () => {
    const home = start(4);
    track(() => home, 200);
    const settled = Array.from(table.simulation.state("qpos").subarray(0, 7));
    const [far, turned] = track(() => home, 200);
    expect(far).toBeLessThan(1e-4);
    expect(turned).toBeLessThan(0.02 * DEGREE);
    settled.forEach((joint, k) => {
      expect(table.simulation.state("qpos")[k]).toBeCloseTo(joint, 3);
    });
  });

  it("presses on the table, and no more than its spring does", () => {
    const home = start(5);
    const [x, y] = home.position;
    const under: Pose = { position: [x, y, 0.78], orientation: home.orientation };
    for (let k = 0; k < 100; k++) table.step(under, CLOSE);
    const { position } = table.arm.pose();
    expect(position[2]).toBeGreaterThan(0.8);
    expect(position[2]).toBeLessThan(0.82);
    expect(Math.hypot(position[0] - x, position[1] - y)).toBeLessThan(0.02);
  });

  it("holds a cube for ten seconds, in the air and while it is carried about", () => {
    const home = start(6);
    const at = table.cubes[0].position;
    const over = (z: number): Pose => ({ position: [at[0], at[1], z], orientation: [1, 0, 0, 0] });
    for (let k = 0; k < 40; k++) table.step(over(0.9), OPEN);
    for (let k = 0; k < 20; k++) table.step(over(at[2]), OPEN);
    for (let k = 0; k < 10; k++) table.step(over(at[2]), CLOSE);
    for (let k = 0; k < 20; k++) table.step(over(0.95), CLOSE);
    const held = () => table.arm.pose().position.map((value, d) => value - table.cubes[0].position[d]);
    const before = held();
    for (let k = 1; k <= 200; k++) {
      const phase = 1.4 * k * CONTROL_PERIOD;
      const [x, y, z] = over(0.95).position;
      const moving = k > 100 ? 0.1 : 0;
      table.step(
        {
          ...over(0),
          position: [x - moving * (1 - Math.cos(phase)), y, z + moving * (0.3 * Math.sin(phase))],
        },
        CLOSE,
      );
    }
    const slip = Math.hypot(...held().map((value, d) => value - before[d]));
    expect(table.cubes[0].position[2]).toBeGreaterThan(0.9);
    expect(slip).toBeLessThan(0.003);
    expect(home.position[2]).toBeGreaterThan(0.95);
  });

  it("opens and closes its fingers at 0.1 m/s each", () => {
    const home = start(7);
    expect(table.arm.fingers()).toEqual([0.04, -0.04]);
    for (let k = 0; k < 4; k++) table.step(home, CLOSE);
    expect(table.arm.fingers()[0]).toBeCloseTo(0.02, 2);
    for (let k = 0; k < 8; k++) table.step(home, CLOSE);
    table.arm.fingers().forEach((finger) => {
      expect(finger).toBeCloseTo(0, 2);
    });
    for (let k = 0; k < 12; k++) table.step(home, OPEN);
    expect(table.arm.fingers()[1]).toBeCloseTo(-0.04, 2);
  });
});
