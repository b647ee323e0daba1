import { isCollection, isMap, isPair, isScalar, isSeq, type Pair, parseDocument } from "yaml";
import { ConfigurationError } from "../policy/errors.js";

/** A graph of a bundle that serves from so many rows on. */
export interface OptimizedFile {
  readonly file: string;
  readonly sha256: string;
  readonly from_rows: number;
}

/**
 * The text of a policy.yaml with `denoiser.optimized` set to these files. All other text stays as a person wrote it.
 *
 * @throws ConfigurationError when the text has no denoiser.
 */
export function withOptimized(text: string, files: readonly OptimizedFile[]): string {
  const document = parseDocument(text);
  const denoiser = document.get("denoiser");
  if (!isMap(denoiser) || denoiser.items.length === 0) {
    throw new ConfigurationError("policy.yaml has no denoiser; give a policy bundle");
  }
  const items = files.map(
    ({ file, sha256, from_rows }) => `{ file: ${file}, sha256: ${sha256}, from_rows: ${from_rows} }`,
  );
  const pairs = denoiser.items as Pair[];
  const there = pairs.find(({ key }) => isScalar(key) && key.value === "optimized");
  const last = pairs[pairs.length - 1];
  const flow = `[${items.join(", ")}]`;
  if (there) {
    const { start, end } = rangeOf(there.value);
    const block = isSeq(there.value) && !there.value.flow;
    const indent = " ".repeat(start - text.lastIndexOf("\n", start - 1) - 1);
    const list = block ? items.map((item) => `- ${item}`).join(`\n${indent}`) : flow;
    // A block ends after its last line break.
    const after = text.slice(start, end).match(/\s*$/)?.[0] ?? "";
    return text.slice(0, start) + list + after + text.slice(end);
  }
  const { end } = rangeOf(last.value);
  if (denoiser.flow) return `${text.slice(0, end)}, optimized: ${flow}${text.slice(end)}`;
  const { start } = rangeOf(pairs[0].key);
  const indent = " ".repeat(start - text.lastIndexOf("\n", start - 1) - 1);
  const list = ["optimized:", ...items.map((item) => `  - ${item}`)].join(`\n${indent}`);
  const lineEnd = text.indexOf("\n", end);
  const at = lineEnd < 0 ? text.length : lineEnd;
  return `${text.slice(0, at)}\n${indent}${list}${text.slice(at)}`;
}

function rangeOf(node: unknown): { readonly start: number; readonly end: number } {
  if (!(isScalar(node) || isCollection(node) || isPair(node)) || !("range" in node) || !node.range) {
    throw new ConfigurationError("policy.yaml: denoiser has an entry without a value");
  }
  return { start: node.range[0], end: node.range[1] };
}
