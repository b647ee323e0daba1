import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, parse } from "node:path";
import type { Bundle } from "../policy/bundle.js";
import type { OptimizedGraph } from "./optimize.js";
import { type ObservationFile, type OptimizedFile, withOptimized } from "./optimized-manifest.js";

/** What was written into a bundle. */
export interface WrittenFiles {
  readonly files: readonly OptimizedFile[];
  readonly observation?: ObservationFile;
}

/** A graph, and from how many rows it serves; null for one that is left out. */
export type ServingGraph = Pick<OptimizedGraph, "name" | "bytes" | "for" | "precision"> & {
  readonly from: number | null;
};

/** Copies a bundle unless it is the same, and puts the graphs that serve into it. */
export async function writeBundle(
  bundle: Bundle,
  out: string,
  graphs: readonly ServingGraph[],
  observation: Uint8Array | undefined,
): Promise<WrittenFiles> {
  if (out !== bundle.directory) {
    await mkdir(out, { recursive: true });
    await cp(bundle.directory, out, { recursive: true });
  }
  const { name } = parse(bundle.manifest.denoiser.file);
  const put = async (kind: string, bytes: Uint8Array | null) => {
    const file = `${name}.${kind}.onnx`;
    if (bytes) await writeFile(join(out, file), bytes);
    else await rm(join(out, file), { force: true });
    return { file, sha256: bytes ? createHash("sha256").update(bytes).digest("hex") : "" };
  };
  const files: OptimizedFile[] = [];
  for (const { name: kind, bytes, from, precision, for: target } of graphs) {
    const written = await put(kind, from === null ? null : bytes);
    if (from !== null) files.push({ ...written, from_rows: from, for: target, precision });
  }
  const serves = files.length > 0 && observation !== undefined;
  const terms = await put("observation", serves ? observation : null);
  const result = { files, ...(serves ? { observation: terms } : {}) };
  const manifest = join(out, "policy.yaml");
  await writeFile(manifest, withOptimized(await readFile(manifest, "utf8"), result));
  return result;
}
