import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** ROS packages whose messages Parapilot sends, receives or answers. */
export const MESSAGE_PACKAGES: readonly string[] = [
  "builtin_interfaces",
  "diagnostic_msgs",
  "geometry_msgs",
  "lifecycle_msgs",
  "nav_msgs",
  "rcl_interfaces",
  "rosgraph_msgs",
  "sensor_msgs",
  "std_msgs",
  "std_srvs",
  "tf2_msgs",
  "trajectory_msgs",
  "visualization_msgs",
];

/** Whether `parapilot ros` can run here. */
export interface RosEnvironment {
  readonly usable: boolean;
  /** What to source or install, in one sentence; undefined when usable. */
  readonly reason: string | undefined;
  /** Of the sourced ROS 2, e.g. `jazzy`. */
  readonly distro: string | undefined;
  /** Version of the installed rclnodejs. */
  readonly rclnodejs: string | undefined;
  /** The compiled file that rclnodejs would load. */
  readonly addon: string | undefined;
}

/** What rclnodejs looks at when it chooses a compiled file. */
export interface Platform {
  readonly system: string;
  readonly arch: string;
  /** `VERSION_CODENAME` of /etc/os-release, e.g. `noble`. */
  readonly codename: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

const SOURCE = "run `source /opt/ros/<distro>/setup.bash`";
const SET_UP = "run `npm run setup:ros2` in a shell with ROS 2 sourced";

/**
 * Looks at the environment and at files, and imports nothing: an import of rclnodejs that finds no ROS 2 deletes its own
 * build (its loader answers a failed load with `npm run rebuild`, which begins with `node-gyp clean`).
 *
 * @param findPackage gives the directory of rclnodejs, or undefined where it is not installed.
 * @example
 * rosEnvironment({}).reason; // "ROS 2 is not sourced: run `source /opt/ros/<distro>/setup.bash`"
 */
export function rosEnvironment(
  variables: Variables = process.env,
  findPackage: () => string | undefined = findRclnodejs,
  platform: Platform = thisPlatform(),
): RosEnvironment {
  const distro = variables.ROS_DISTRO || undefined;
  const directory = findPackage();
  const version = directory === undefined ? undefined : versionOf(directory);
  const addon = directory === undefined ? undefined : addonOf(directory, distro, platform);
  const found = { distro, rclnodejs: version, addon };
  const reason = whyNot(variables, directory, found);
  return { usable: reason === undefined, reason, ...found };
}

function whyNot(
  variables: Variables,
  directory: string | undefined,
  { distro, rclnodejs: version, addon }: Pick<RosEnvironment, "distro" | "rclnodejs" | "addon">,
): string | undefined {
  if (!variables.AMENT_PREFIX_PATH || distro === undefined)
    return `ROS 2 is not sourced: ${SOURCE}${directory === undefined ? ", then `npm run setup:ros2` once" : ""}`;
  if (directory === undefined) return `rclnodejs is not set up: ${SET_UP}`;
  if (!version?.startsWith("2."))
    return `rclnodejs ${version ?? "of an unknown version"} is installed and 2.2 is needed: ${SET_UP}`;
  if (variables.RCLNODEJS_FORCE_BUILD === "1")
    return "RCLNODEJS_FORCE_BUILD is set, which would compile rclnodejs anew at every start: run `unset RCLNODEJS_FORCE_BUILD`";
  if (addon === undefined) return `rclnodejs is installed but not compiled for ROS 2 ${distro}: ${SET_UP}`;
  const missing = missingMessages(directory);
  if (missing.length > 0)
    return `rclnodejs has no messages of ${missing.join(", ")}: install those ROS packages, then ${SET_UP}`;
  return undefined;
}

/** Packages of {@link MESSAGE_PACKAGES} that were not generated when rclnodejs was installed: its installer tells nobody. */
export function missingMessages(directory: string): readonly string[] {
  return MESSAGE_PACKAGES.filter((name) => !existsSync(join(directory, "generated", name)));
}

/** Whether the package carries a compiled file for this very distribution, system and processor. */
export function prebuiltAddon(
  directory: string,
  distro: string | undefined,
  { system, arch, codename }: Platform,
): string | undefined {
  // As lib/native_loader.js of rclnodejs 2.2 decides it: Linux only, no near matches.
  if (system !== "linux" || !distro || !codename) return undefined;
  const name = `${distro}-${codename}-${arch}-node-rclnodejs.node`;
  const file = join(directory, "prebuilds", `${system}-${arch}`, name);
  return existsSync(file) ? file : undefined;
}

function addonOf(directory: string, distro: string | undefined, platform: Platform): string | undefined {
  const built = join(directory, "build", "Release", "rclnodejs.node");
  return prebuiltAddon(directory, distro, platform) ?? (existsSync(built) ? built : undefined);
}

function versionOf(directory: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
      version?: string;
    };
    return version;
  } catch {
    return undefined;
  }
}

/** Directory of the installed rclnodejs, found without running any of it. */
export function findRclnodejs(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve("rclnodejs/package.json"));
  } catch {
    return undefined;
  }
}

export function thisPlatform(): Platform {
  let release = "";
  try {
    release = readFileSync("/etc/os-release", "utf8");
  } catch {
    // Not a Linux that says what it is: there is no prebuilt file for it either.
  }
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1]?.trim();
  return { system: process.platform, arch: process.arch, codename };
}
