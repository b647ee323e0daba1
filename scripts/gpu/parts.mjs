import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Cuts a file into parts, and writes SHA256SUMS, by which each of them can be checked alone. */
export function split(file, out, partBytes) {
  const size = statSync(file).size;
  const source = openSync(file, "r");
  const parts = [];
  for (let at = 0; at < size; at += partBytes) {
    const bytes = Buffer.alloc(Math.min(partBytes, size - at));
    readSync(source, bytes, 0, bytes.length, at);
    const name = `parapilot.part-${String(parts.length).padStart(3, "0")}`;
    writeFileSync(join(out, name), bytes);
    parts.push({ name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  }
  closeSync(source);
  writeFileSync(join(out, "SHA256SUMS"), parts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(""));
  return parts;
}
