import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { commandOutput } from "./command-output.js";

/** The libraries that onnxruntime-node loads for cuda and that its npm package does not bring. */
export const PROVIDER_LIBRARIES = [
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_cuda.so",
] as const;

/**
 * What onnxruntime's CUDA provider needs beside NVIDIA's driver, by the CUDA that it is built for: what its file names,
 * and what it opens by itself (cuDNN; cuFFT for transforms that no denoiser of ours has is left out).
 */
export const CUDA_LIBRARIES = {
  13: ["libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10", "libcudnn.so.9"],
  12: ["libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcurand.so.10", "libcudnn.so.9"],
} as const;

/** The folder of onnxruntime-node's own library, where it looks for those of providers. */
export function onnxruntimeFolder(): string {
  const main = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  return join(dirname(main), "bin", "napi-v6", process.platform, process.arch);
}

/** Those that the installed CUDA provider needs and the loader does not find; none where it is not installed. */
export async function missingLibraries(folder = onnxruntimeFolder()): Promise<string[]> {
  const provider = join(folder, PROVIDER_LIBRARIES[1]);
  if (!existsSync(provider)) return [];
  const needed = (await commandOutput("ldd", [provider])) ?? "";
  const missing = [...needed.matchAll(/^\s*(\S+) => not found/gm)].map(([, file]) => file);
  // Opened on the first convolution, so that ldd does not name it.
  return (await findLibraries(["libcudnn.so.9"])).get("libcudnn.so.9")
    ? missing
    : [...missing, "libcudnn.so.9"];
}

/** Where the loader finds libraries; undefined for those that it does not. */
export async function findLibraries(files: readonly string[]): Promise<Map<string, string | undefined>> {
  // Not on the path of an ordinary user everywhere.
  const cache =
    (await commandOutput("ldconfig", ["-p"])) ?? (await commandOutput("/sbin/ldconfig", ["-p"])) ?? "";
  const folders = (process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean);
  return new Map(
    files.map((file) => {
      const folder = folders.find((each) => existsSync(join(each, file)));
      if (folder) return [file, join(folder, file)];
      const line = cache
        .split("\n")
        .find((each) => each.trim().startsWith(`${file} `) && /x86-64/.test(each));
      return [file, line?.split("=> ")[1]?.trim()];
    }),
  );
}

/** Versions of the CUDA runtime and of cuDNN that the loader finds, as exactly as their file names say. */
export async function libraryVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  const wanted = { cudart: ["libcudart.so.13", "libcudart.so.12"], cudnn: ["libcudnn.so.9"] };
  const places = await findLibraries(Object.values(wanted).flat());
  for (const [name, files] of Object.entries(wanted)) {
    const place = files.map((file) => places.get(file)).find((each) => each !== undefined);
    const version = place && basename(realpathSync(place)).split(".so.")[1];
    if (version) versions[name] = version;
  }
  return versions;
}
