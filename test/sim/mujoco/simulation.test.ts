import { afterEach, describe, expect, it } from "vitest";
import { Simulation } from "../../../sim/mujoco/simulation.js";

/** A pendulum of one point mass (2 kg) on a massless rod (0.5 m), hanging. */
const PENDULUM = `<mujoco>
  <compiler angle="radian"/>
  <option timestep="0.001" integrator="RK4"/>
  <worldbody><body name="rod">
    <joint name="hinge" axis="0 1 0"/>
    <geom name="bob" type="sphere" size="0.01" pos="0 0 -0.5" mass="2"/>
    <site name="tip" pos="0 0 -0.5"/>
  </body></worldbody>
  <actuator><motor name="motor" joint="hinge"/></actuator>
</mujoco>`;
const INERTIA = 2 * 0.5 ** 2 + 0.4 * 2 * 0.01 ** 2;

const opened: Simulation[] = [];
async function compile(xml = PENDULUM): Promise<Simulation> {
  const simulation = await Simulation.compile(xml);
  opened.push(simulation);
  return simulation;
}
afterEach(() => {
  for (const simulation of opened.splice(0)) simulation.close();
});

describe("a simulation", () => {
  it("knows gravity, inertia and the Jacobian of a pendulum", async () => {
    const simulation = await compile();
    const angle = 0.3;
    simulation.state("qpos")[0] = angle;
    simulation.sense();
    const mass = new Float64Array(1);
    simulation.massMatrix(mass);
    expect(mass[0]).toBeCloseTo(INERTIA, 9);
    expect(simulation.state("qfrc_bias")[0]).toBeCloseTo(2 * 9.81 * 0.5 * Math.sin(angle), 9);
    const jacobian = new Float64Array(6);
    simulation.siteJacobian(simulation.id("site", "tip"), jacobian);
    const wanted = [-0.5 * Math.cos(angle), 0, 0.5 * Math.sin(angle), 0, 1, 0];
    wanted.forEach((value, k) => {
      expect(jacobian[k]).toBeCloseTo(value, 9);
    });
  });

  it("stays where a motor carries the weight", async () => {
    const simulation = await compile(PENDULUM.replace(' integrator="RK4"', ""));
    simulation.state("qpos")[0] = 0.3;
    for (let k = 0; k < 1000; k++) {
      simulation.sense();
      simulation.state("ctrl")[0] = simulation.state("qfrc_bias")[0];
      simulation.advance();
    }
    expect(simulation.state("qpos")[0]).toBeCloseTo(0.3, 9);
  });

  it("goes on when another one makes the memory grow and move", async () => {
    const simulation = await compile();
    simulation.state("qpos")[0] = 0.25;
    const before = simulation.state("qpos");
    while (before.byteLength > 0) await compile();
    expect(simulation.state("qpos")[0]).toBe(0.25);
    simulation.state("qpos")[0] = 0.5;
    simulation.sense();
    expect(simulation.state("qfrc_bias")[0]).toBeCloseTo(9.81 * Math.sin(0.5), 9);
  });

  it("starts over", async () => {
    const simulation = await compile();
    simulation.state("qpos")[0] = 1;
    simulation.reset();
    expect(simulation.state("qpos")[0]).toBe(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e12])(
    "that runs away says which joint, and does not start over by itself (velocity %d)",
    async (velocity) => {
      const simulation = await compile(PENDULUM.replace(' integrator="RK4"', ""));
      for (let k = 0; k < 10; k++) {
        simulation.sense();
        simulation.advance();
      }
      simulation.state("qvel")[0] = velocity;
      simulation.sense();
      expect(() => simulation.advance()).toThrow(
        /has diverged at 0\.01. s: a (position|velocity) of joint "hinge" is (NaN|-?Infinity|1e\+?12|1000000000000)/,
      );
      simulation.reset();
      simulation.sense();
      simulation.advance();
      expect(simulation.state("qpos")[0]).toBe(0);
    },
  );

  it("names what it cannot find, and what does not compile", async () => {
    const simulation = await compile();
    expect(() => simulation.id("site", "toe")).toThrow('the model has no site "toe"');
    expect(() => simulation.joint("knee")).toThrow('the model has no joint "knee"');
    await expect(Simulation.compile("<mujoco><bogus/></mujoco>")).rejects.toThrow(
      /does not compile.*bogus.*line 1/,
    );
  });

  it("refuses to be used after it is closed", async () => {
    const simulation = await compile();
    simulation.close();
    expect(() => simulation.state("qpos")).toThrow("has been closed");
  });
});
