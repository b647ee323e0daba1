// Installs rclnodejs beside Parapilot for the ROS 2 that is sourced, and says what it needs and what it found.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  findRclnodejs,
  MESSAGE_PACKAGES,
  missingMessages,
  prebuiltAddon,
  rosEnvironment,
  thisPlatform,
} from "../dist/src/ros/rclnodejs/environment.js";

const VERSION = "2.2.0";
const { env } = process;
let missing = 0;

function row(isFound, what, found, remedy) {
  console.log(`  ${isFound ? "found  " : "MISSING"}  ${what}: ${found}`);
  if (!isFound) {
    missing += 1;
    console.log(`           ${remedy}`);
  }
  return isFound;
}

function firstLine(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? `${stdout}${stderr}`.trim().split("\n")[0] || command : undefined;
}

/** In another process: rclnodejs deletes its build when that does not load. */
function loads(addon) {
  return spawnSync(process.execPath, ["-e", "require(process.argv[1])", addon]).status === 0;
}

function give(up, remedy) {
  console.log(`\n${up}\n${remedy}`);
  process.exit(1);
}

console.log("ROS 2 for Parapilot\n\nneeded:");
const distro = env.ROS_DISTRO;
const isSourced = Boolean(env.AMENT_PREFIX_PATH && distro);
row(
  isSourced,
  "a sourced ROS 2",
  distro ?? "none",
  "run `source /opt/ros/<distro>/setup.bash`, then this again",
);
const [major, minor, patch] = process.versions.node.split(".").map(Number);
row(
  major > 20 || (major === 20 && (minor > 20 || (minor === 20 && patch >= 2))),
  "Node.js 20.20.2 or newer",
  process.version,
  "install a newer Node.js",
);
if (!isSourced) give("Nothing was installed.", "");

const prefixes = env.AMENT_PREFIX_PATH.split(":").filter(Boolean);
const absent = MESSAGE_PACKAGES.filter(
  (name) => !prefixes.some((prefix) => existsSync(join(prefix, "share", name))),
);
row(
  absent.length === 0,
  "message packages",
  absent.length === 0 ? `all ${MESSAGE_PACKAGES.length}` : `without ${absent.join(", ")}`,
  `sudo apt install ${absent.map((name) => `ros-${distro}-${name.replaceAll("_", "-")}`).join(" ")}`,
);
const parsers = ["-c", "import rosidl_parser, rosidl_adapter"];
row(
  firstLine("python3", parsers) !== undefined,
  "python3 with rosidl, to generate messages",
  spawnSync("which", ["python3"], { encoding: "utf8" }).stdout?.trim() || "no python3",
  `sudo apt install ros-${distro}-rosidl-default-generators; and python3 must be the one that ROS 2 uses, not one of conda or pyenv`,
);

const platform = thisPlatform();
const tag = `${distro}-${platform.codename ?? platform.system}-${platform.arch}`;
const prebuiltTags = ["humble-jammy", "jazzy-noble", "kilted-noble", "lyrical-resolute"];
const isPrebuilt = prebuiltTags.some((each) => tag === `${each}-x64` || tag === `${each}-arm64`);
console.log(
  `\n${tag}: ${isPrebuilt ? "rclnodejs brings it compiled" : "to be compiled from source, which needs:"}`,
);
if (!isPrebuilt) {
  row(
    firstLine("which", ["ros2"]) !== undefined,
    "ros2 on the PATH",
    firstLine("which", ["ros2"]) ?? "no",
    "source setup.bash of ROS 2",
  );
  for (const tool of ["g++", "make"])
    row(
      firstLine(tool, ["--version"]) !== undefined,
      tool,
      firstLine(tool, ["--version"]) ?? "no",
      "sudo apt install build-essential",
    );
  const headers = join(process.execPath, "..", "..", "include", "node", "node_api.h");
  console.log(
    existsSync(headers)
      ? `  found    headers of Node.js: ${headers}`
      : "  note     headers of Node.js are not beside it: node-gyp downloads them from nodejs.org (or set npm_config_nodedir)",
  );
}
if (missing > 0) give("Nothing was installed.", "Remedy what is missing, then run this again.");

console.log(`\ninstalling rclnodejs@${VERSION}${isPrebuilt ? "" : " (half a minute or more)"} …`);
// --save-prod: as the optional peer that it is, npm finds it "up to date" while it is not there at all.
// npm_config_yes: its build from source calls `npx rimraf`, which asks, and fails where nobody answers.
const npmEnv = { ...env, npm_config_yes: "true" };
const flags = ["--no-save", "--save-prod", "--no-audit", "--no-fund"];
const install = spawnSync("npm", ["install", ...flags, `rclnodejs@${VERSION}`], {
  env: npmEnv,
  stdio: ["ignore", "inherit", "inherit"],
});

const directory = findRclnodejs();
if (install.status !== 0 || directory === undefined)
  give(
    "rclnodejs could not be installed.",
    "Its reason stands above; npm keeps the whole log under ~/.npm/_logs.",
  );

// Installed without its scripts (npm may be told to run none), or for another ROS 2. Its own scripts only run here.
const before = rosEnvironment();
if (!before.usable || !loads(before.addon)) {
  console.log("\nit is not compiled for this ROS 2, or has no messages: doing that …");
  rmSync(join(directory, "build"), { recursive: true, force: true });
  spawnSync("npm", ["rebuild", "--foreground-scripts", "rclnodejs"], {
    env: { ...npmEnv, npm_config_ignore_scripts: "false" },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

// Its installer ends well even where the generation of messages failed, so look.
console.log("\nresult:");
const environment = rosEnvironment();
row(
  environment.rclnodejs === VERSION,
  "rclnodejs",
  environment.rclnodejs ?? "no",
  "remove node_modules/rclnodejs and run this again",
);
row(
  environment.addon !== undefined,
  "compiled file",
  environment.addon ?? "none",
  "its compiler's errors stand above: npm rebuild --foreground-scripts rclnodejs shows them again",
);
if (isPrebuilt && prebuiltAddon(directory, distro, platform) === undefined)
  console.log(
    "  note     the package brings no compiled file for this system after all; it was compiled here",
  );
const without = missingMessages(directory);
row(
  without.length === 0,
  "generated messages",
  without.length === 0 ? `all ${MESSAGE_PACKAGES.length} packages` : `without ${without.join(", ")}`,
  `cd ${directory} && npm run generate-messages shows why`,
);
if (missing > 0) give("ROS 2 cannot be used yet.", environment.reason ?? "");

const smoke = spawnSync(process.execPath, [join(import.meta.dirname, "smoke-ros2.mjs")], {
  encoding: "utf8",
  timeout: 60_000,
});
row(
  smoke.status === 0,
  "a node that publishes and hears itself",
  smoke.status === 0
    ? smoke.stdout.trim()
    : `failed: ${(smoke.stderr || smoke.error?.message || "").trim().split("\n").slice(0, 3).join(" | ")}`,
  "node scripts/smoke-ros2.mjs shows all of it; a firewall or ROS_DOMAIN_ID can be in the way, too",
);
if (missing > 0) process.exit(1);
console.log("\nReady: parapilot ros <launch file>");
