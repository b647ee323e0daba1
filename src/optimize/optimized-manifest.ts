import { isCollection, isMap, isPair, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import { ConfigurationError } from "../policy/errors.js";

export interface ObservationFile {
  readonly file: string;
  readonly sha256: string;
}

/** A graph of a bundle that serves from so many rows on. */
export interface OptimizedFile extends ObservationFile {
  readonly from_rows: number;
  readonly for: "cpu" | "gpu";
  readonly precision: "float32" | "float16";
}

/** Entries of a bundle's denoiser beside the network itself. */
export interface OptimizedEntries {
  readonly files: readonly OptimizedFile[];
  /** Runs once per observation for them. */
  readonly observation?: ObservationFile;
}

/**
 * The text of a policy.yaml with `denoiser.observation` and `denoiser.optimized` set to these, or without them when there are none.
 * All other text stays as a person wrote it.
 *
 * @throws ConfigurationError when the text has no denoiser.
 */
export function withOptimized(text: string, { files, observation }: OptimizedEntries): string {
  const once = observation && withEntry(text, "observation", inLine(observation));
  const before = once ?? withoutEntry(text, "observation");
  if (files.length === 0) return withoutEntry(before, "optimized");
  const items = files.map(inLine);
  return withEntry(before, "optimized", `[${items.join(", ")}]`, items);
}

function inLine(entry: object): string {
  return `{ ${Object.entries(entry)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ")} }`;
}

/** The text with an entry of the denoiser replaced, or added at its end; as a list where the denoiser is written in blocks. */
function withEntry(text: string, key: string, flow: string, items?: readonly string[]): string {
  const denoiser = denoiserOf(text);
  const pairs = denoiser.items as Pair[];
  const there = pairs.find((pair) => isScalar(pair.key) && pair.key.value === key);
  if (there) {
    const { start, end } = rangeOf(there.value);
    const block = items && isSeq(there.value) && !there.value.flow;
    const list = block ? items.map((item) => `- ${item}`).join(`\n${indentAt(text, start)}`) : flow;
    // A block ends after its last line break.
    const after = text.slice(start, end).match(/\s*$/)?.[0] ?? "";
    return text.slice(0, start) + list + after + text.slice(end);
  }
  const { end } = rangeOf(pairs[pairs.length - 1].value);
  if (denoiser.flow) return `${text.slice(0, end)}, ${key}: ${flow}${text.slice(end)}`;
  const indent = indentAt(text, rangeOf(pairs[0].key).start);
  const lines = items ? [`${key}:`, ...items.map((item) => `  - ${item}`)] : [`${key}: ${flow}`];
  const at = lineEnd(text, end);
  return `${text.slice(0, at)}\n${indent}${lines.join(`\n${indent}`)}${text.slice(at)}`;
}

/** The text without an entry of the denoiser. */
function withoutEntry(text: string, key: string): string {
  const denoiser = denoiserOf(text);
  const pairs = denoiser.items as Pair[];
  const k = pairs.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
  if (k < 1) return text;
  const before = rangeOf(pairs[k - 1].value);
  const { end } = rangeOf(pairs[k].value);
  if (denoiser.flow) return text.slice(0, before.end) + text.slice(end);
  const blank = text.slice(0, end).match(/\s*$/)?.[0] ?? "";
  return text.slice(0, lineEnd(text, before.end)) + text.slice(lineEnd(text, end - blank.length));
}

function denoiserOf(text: string): YAMLMap {
  const denoiser = parseDocument(text).get("denoiser");
  if (!isMap(denoiser) || denoiser.items.length === 0) {
    throw new ConfigurationError("policy.yaml has no denoiser; give a policy bundle");
  }
  return denoiser;
}

/** Where the line ends that a place is in; a block that ended with its line has no more of it. */
function lineEnd(text: string, at: number): number {
  const from = at > 0 && text[at - 1] === "\n" ? at - 1 : at;
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function indentAt(text: string, start: number): string {
  return " ".repeat(start - text.lastIndexOf("\n", start - 1) - 1);
}

function rangeOf(node: unknown): { readonly start: number; readonly end: number } {
  if (!(isScalar(node) || isCollection(node) || isPair(node)) || !("range" in node) || !node.range) {
    throw new ConfigurationError("policy.yaml: denoiser has an entry without a value");
  }
  return { start: node.range[0], end: node.range[1] };
}
