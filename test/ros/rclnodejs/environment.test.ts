import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MESSAGE_PACKAGES, rosEnvironment } from "../../../src/ros/rclnodejs/environment.js";

const sourced = { AMENT_PREFIX_PATH: "/opt/ros/jazzy", ROS_DISTRO: "jazzy" };
const noble = { system: "linux", arch: "x64", codename: "noble" };
const BUILT = "build/Release/rclnodejs.node";

describe("whether ROS 2 can be used", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "parapilot-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (...files: readonly string[]) => {
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), "");
    }
  };
  const install = (version: string, ...files: readonly string[]) => {
    put(...files, ...MESSAGE_PACKAGES.map((name) => `generated/${name}/x.js`));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ version }));
  };
  const check = (variables: Record<string, string> = sourced, platform = noble) =>
    rosEnvironment(variables, () => folder, platform);

  it("needs a sourced ROS 2 before anything else", () => {
    install("2.2.0", BUILT);
    expect(check({}).reason).toBe("ROS 2 is not sourced: run `source /opt/ros/<distro>/setup.bash`");
    expect(check({ ROS_DISTRO: "jazzy" }).usable).toBe(false);
    expect(rosEnvironment({}, () => undefined, noble).reason).toBe(
      "ROS 2 is not sourced: run `source /opt/ros/<distro>/setup.bash`, then `npm run setup:ros2` once",
    );
  });

  it("needs rclnodejs, of major version 2", () => {
    expect(rosEnvironment(sourced, () => undefined, noble).reason).toMatch(/^rclnodejs is not set up: run/);
    install("1.8.0", BUILT);
    expect(check().reason).toMatch(/^rclnodejs 1\.8\.0 is installed and 2\.2 is needed/);
  });

  it("takes a compiled file of the exact distribution, system and processor, and no other", () => {
    install("2.2.0", "prebuilds/linux-x64/jazzy-noble-x64-node-rclnodejs.node");
    expect(check().usable).toBe(true);
    expect(check({ ...sourced, ROS_DISTRO: "humble" }).reason).toMatch(/not compiled for ROS 2 humble/);
    expect(check(sourced, { ...noble, codename: "bookworm" }).usable).toBe(false);
    expect(check(sourced, { ...noble, arch: "arm64" }).usable).toBe(false);
    expect(check(sourced, { ...noble, system: "darwin" }).usable).toBe(false);
  });

  it("takes one compiled here on any system, but prefers the one that rclnodejs would load", () => {
    install("2.2.0", BUILT);
    expect(check(sourced, { ...noble, codename: "bookworm" })).toEqual({
      usable: true,
      reason: undefined,
      distro: "jazzy",
      rclnodejs: "2.2.0",
      addon: join(folder, BUILT),
    });
    put("prebuilds/linux-x64/jazzy-noble-x64-node-rclnodejs.node");
    expect(check().addon).toContain("prebuilds");
  });

  it("names the message packages that were not generated", () => {
    install("2.2.0", BUILT);
    rmSync(join(folder, "generated/nav_msgs"), { recursive: true });
    rmSync(join(folder, "generated/tf2_msgs"), { recursive: true });
    expect(check().reason).toMatch(/^rclnodejs has no messages of nav_msgs, tf2_msgs: /);
  });

  it("refuses where importing would compile it anew", () => {
    install("2.2.0", BUILT);
    expect(check({ ...sourced, RCLNODEJS_FORCE_BUILD: "1" }).reason).toContain("unset RCLNODEJS_FORCE_BUILD");
  });
});
