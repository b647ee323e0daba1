import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderPng } from "../../../sim/image.js";
import { playableLift } from "../../../sim/lift/playable.js";

let world: Awaited<ReturnType<typeof playableLift>>;
beforeAll(async () => {
  world = await playableLift();
});
afterAll(() => world.close());

/** Straight down over the middle of the table, as a policy says it. */
const DOWN = [1, 0, 0, 0, -1, 0];

describe("a playable Lift", () => {
  it("takes actions of ten values", () => {
    world.env.reset({ seed: 0 });
    let { observation } = world.env.step([0, 0, 0.95, ...DOWN, -1]);
    for (let k = 0; k < 30; k++) ({ observation } = world.env.step([0, 0, 0.95, ...DOWN, -1]));
    [0, 0, 0.95].forEach((at, d) => {
      expect(observation.robot0_eef_pos[d]).toBeCloseTo(at, 3);
    });
    expect(() => world.env.step([0, 0, 0.95, Math.PI, 0, 0, -1])).toThrow("10 finite numbers");
    expect(() => world.env.step([0, 0, 0.95, 1, 0, 0, 1, 0, 0, -1])).toThrow("span no plane");
  });

  it("holds the arm where it is, with what it has in its fingers, for as long as it is asked", () => {
    const steps = world.demonstrate(3).steps;
    let { observation } = world.env.reset({ seed: 3 });
    for (const { action } of steps) ({ observation } = world.env.step(action));
    const before = Array.from(observation.robot0_eef_pos);
    for (let k = 0; k < 100; k++) ({ observation } = world.env.step(world.hold()));
    before.forEach((at, d) => {
      expect(Math.abs(observation.robot0_eef_pos[d] - at)).toBeLessThan(0.01);
    });
    expect(observation.cube_pos[2]).toBeGreaterThan(0.84);
  });

  it("is kept busy by its exercise", () => {
    let { observation } = world.env.reset({ seed: 1 });
    let nearest = 1;
    for (let k = 0; k < 60; k++) {
      ({ observation } = world.env.step(world.exercise(observation, k)));
      nearest = Math.min(nearest, Math.hypot(...Array.from(observation.gripper_to_cube_pos)));
    }
    expect(nearest).toBeLessThan(0.02);
  });

  it("draws the cube in red, the table, and a caption", async () => {
    world.env.reset({ seed: 0 });
    const svg = world.render({
      action: [0, 0, 0.95, ...DOWN, -1],
      plan: [[0, 0, 0.9, ...DOWN, -1]],
      caption: "a < b",
    });
    expect(svg).toContain("a &lt; b");
    expect(svg).not.toContain("NaN");
    const png = await renderPng(svg);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const reds = [...svg.matchAll(/fill="#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})"/g)].filter(
      ([, r, g]) => Number.parseInt(r, 16) > 2.5 * Number.parseInt(g, 16),
    );
    // Three faces of a cube are seen from anywhere above a corner; the overlay's own red and orange are no faces.
    expect(reds.length).toBeGreaterThanOrEqual(2);
  });
});
