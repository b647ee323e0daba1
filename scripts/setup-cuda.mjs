// Fetches onnxruntime's CUDA provider for the installed onnxruntime-node, and says what it needs and what it found.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import {
  CUDA_LIBRARIES,
  findLibraries,
  onnxruntimeFolder,
  PROVIDER_LIBRARIES,
} from "../dist/src/inference/providers/cuda-libraries.js";
import { nvidiaDevice } from "../dist/src/inference/providers/devices.js";
import { tryProvider } from "../dist/src/inference/providers/try-provider.js";

/** NVIDIA's own floor for CUDA 13; drivers before it run CUDA 12. */
const DRIVER = { 12: "525", 13: "580" };
/** The same libraries as Python packages, which need no root. */
const PACKAGES = {
  12: "nvidia-cuda-runtime-cu12 nvidia-cublas-cu12 nvidia-curand-cu12 nvidia-cudnn-cu12",
  13: "nvidia-cuda-runtime nvidia-cublas nvidia-curand nvidia-cudnn-cu13",
};

const USAGE = `usage: npm run setup:cuda -- [--check] [--json] [--cuda 12|13]
  --check     only look what is there, fetch nothing
  --json      print what was found as one JSON object
  --cuda 13   the provider for CUDA 13, a Python package that pip downloads (the default with a driver of 580 or newer)
  --cuda 12   the provider for CUDA 12, from NuGet by onnxruntime-node's own installer`;

let flags;
try {
  flags = parseArgs({
    options: { check: { type: "boolean" }, json: { type: "boolean" }, cuda: { type: "string" } },
  }).values;
  if (flags.cuda !== undefined && !(flags.cuda in CUDA_LIBRARIES)) {
    throw new Error(`--cuda ${flags.cuda}: give 12 or 13`);
  }
} catch (error) {
  console.error(`${error.message}\n${USAGE}`);
  process.exit(2);
}

const checks = [];
const say = (line = "") => flags.json || console.log(line);

function row(isFound, what, found, remedy) {
  checks.push({ what, ok: isFound, found, remedy: isFound ? null : remedy });
  say(`  ${isFound ? "found  " : "MISSING"}  ${what}: ${found}`);
  if (!isFound) say(`           ${remedy}`);
  return isFound;
}

function end(code, rest = {}) {
  if (flags.json) console.log(JSON.stringify({ platform, onnxruntime: version, cuda, checks, ...rest }));
  process.exit(code);
}

const require = createRequire(import.meta.url);
const { version } = require("onnxruntime-node/package.json");
const platform = `${process.platform}-${process.arch}`;
const folder = onnxruntimeFolder();
const gpu = platform === "linux-x64" ? await nvidiaDevice() : undefined;
const cuda = Number(flags.cuda ?? (Number.parseInt(gpu?.versions.cuda ?? "13", 10) < 13 ? 12 : 13));

say(`CUDA ${cuda} for onnxruntime-node ${version}\n\nneeded:`);
if (
  !row(
    platform === "linux-x64",
    "linux-x64",
    platform,
    "onnxruntime-node has its cuda provider on linux-x64 only; --provider webgpu needs no CUDA",
  )
) {
  end(1);
}
await checkDriver();
await checkLibraries();
const isInstalled = checkProvider();
if (flags.check) end(checks.every(({ ok }) => ok) ? 0 : 1);

if (!isInstalled) {
  say("\nfetching the provider …");
  try {
    if (cuda === 12) installWithOnnxruntime();
    else installFromWheel();
  } catch (error) {
    say(`\nThe provider could not be fetched: ${error.message}\nNothing was changed.`);
    end(1, { error: error.message });
  }
  for (const file of PROVIDER_LIBRARIES) say(`  placed   ${join(folder, file)}`);
}

say("\nresult:");
const found = await tryProvider({ provider: "cuda", threads: 1, spin: false });
row(
  found.usable,
  "the cuda provider, answering a small known network",
  found.usable ? (found.device.name ?? "usable") : "not usable",
  `${found.reason}`,
);
if (found.usable) say("\nReady: parapilot doctor --provider cuda");
end(found.usable ? 0 : 1, { provider: found });

async function checkDriver() {
  row(
    gpu !== undefined,
    "NVIDIA's driver and a GPU",
    gpu ? `${gpu.name}, driver ${gpu.versions.driver}` : "nvidia-smi lists none",
    `install NVIDIA's driver, ${DRIVER[cuda]} or newer, and reboot; nvidia-smi must list the GPU`,
  );
  const supported = gpu?.versions.cuda;
  if (!gpu || !supported) return;
  row(
    Number.parseInt(supported, 10) >= cuda,
    `a driver for CUDA ${cuda}`,
    `up to CUDA ${supported}`,
    `update NVIDIA's driver to ${DRIVER[cuda]} or newer, or run this with --cuda 12`,
  );
}

async function checkLibraries() {
  const names = ["libcuda.so.1", ...CUDA_LIBRARIES[cuda]];
  const places = await findLibraries(names);
  for (const name of names) {
    const remedy =
      name === "libcuda.so.1" ? "it comes with NVIDIA's driver" : "below are the commands that bring it";
    row(places.get(name) !== undefined, name, places.get(name) ?? "not on the loader's path", remedy);
  }
  if (CUDA_LIBRARIES[cuda].every((name) => places.get(name))) return;
  const folders = "glob.glob(site.getsitepackages()[0] + '/nvidia/*/lib')";
  say(`
  The libraries of CUDA ${cuda} and cuDNN 9 come, either for the whole machine from NVIDIA's package repository:
    sudo apt install cuda-libraries-${cuda}-0 libcudnn9-cuda-${cuda}
  or for you alone, as Python packages (about 1 GB):
    python3 -m venv ~/.parapilot-cuda && ~/.parapilot-cuda/bin/pip install ${PACKAGES[cuda]}
    export LD_LIBRARY_PATH=$(~/.parapilot-cuda/bin/python -c "import glob, site; print(':'.join(${folders}))")
  The export belongs wherever parapilot is started from.`);
}

function checkProvider() {
  const absent = PROVIDER_LIBRARIES.filter((file) => !existsSync(join(folder, file)));
  return row(
    absent.length === 0,
    "onnxruntime's cuda provider",
    absent.length === 0 ? folder : `without ${absent.join(", ")}`,
    `npm run setup:cuda${flags.cuda ? ` -- --cuda ${cuda}` : ""} fetches it`,
  );
}

/** onnxruntime's own installer: from NuGet, which has this provider for CUDA 12. */
function installWithOnnxruntime() {
  const script = require.resolve("onnxruntime-node/script/install.js");
  const { status } = spawnSync(process.execPath, [script, "--onnxruntime-node-install=cuda12"], {
    stdio: ["ignore", flags.json ? "ignore" : "inherit", "inherit"],
  });
  if (status === 0 && PROVIDER_LIBRARIES.every((file) => existsSync(join(folder, file)))) return;
  throw new Error("onnxruntime-node's installer failed, its reason stands above; it downloads from NuGet");
}

/** Out of the GPU wheel of the same version: built by the same people for the same core library. */
function installFromWheel() {
  // Beside its destination, so that a rename puts each file there whole or not at all.
  const work = mkdtempSync(join(folder, ".setup-cuda-"));
  const clean = () => rmSync(work, { recursive: true, force: true });
  process.once("exit", clean);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const wheel = downloadWheel(work);
  // onnxruntime-node brings this reader for its own downloads.
  const AdmZip = createRequire(require.resolve("onnxruntime-node/package.json"))("adm-zip");
  const zip = new AdmZip(wheel);
  for (const file of PROVIDER_LIBRARIES) {
    const content = zip.readFile(`onnxruntime/capi/${file}`);
    if (!content) throw new Error(`${basename(wheel)} holds no ${file}`);
    writeFileSync(join(work, file), content);
  }
  for (const file of PROVIDER_LIBRARIES) renameSync(join(work, file), join(folder, file));
  clean();
}

/** pip knows this machine's mirrors, proxies and certificates, and compares the checksum that its index states. */
function downloadWheel(to) {
  const wanted = ["--only-binary=:all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.12"];
  const { status, error } = spawnSync(
    "python3",
    [
      "-m",
      "pip",
      "download",
      "--no-deps",
      "--no-cache-dir",
      ...wanted,
      "--dest",
      to,
      `onnxruntime-gpu==${version}`,
    ],
    { stdio: ["ignore", flags.json ? "ignore" : "inherit", "inherit"] },
  );
  const wheel = readdirSync(to).find((file) => file.endsWith(".whl"));
  if (status === 0 && wheel) return join(to, wheel);
  throw new Error(
    error || spawnSync("python3", ["-m", "pip", "--version"]).status !== 0
      ? "it comes as a Python package, and there is no python3 with pip here: sudo apt install python3-pip"
      : `pip could not download onnxruntime-gpu ${version}, its reason stands above`,
  );
}
