import type { LaunchDocument } from "../../launch/launch.js";
import type { ParameterDeclaration, ParameterType, ParameterValue } from "../graph.js";
import { flatten } from "./flatten.js";
import { leavesOf } from "./leaves.js";

const LONGEST_LINE = 110;

/**
 * A ROS 2 parameter file that has every parameter of a launch document, with what it means.
 *
 * ```yaml
 * parapilot:
 *   ros__parameters:
 *     solver:
 *       # standard deviations …
 *       tolerance: 0.025
 * ```
 *
 * @param node its name without a namespace: a key with one is not matched by every client library.
 */
export function parameterFile(document: LaunchDocument, node = "parapilot"): string {
  const declarations = flatten(document);
  const lines = [
    "# Every parameter of the node, as its launch file has it; made by `parapilot ros <launch file> --print-parameters`.",
    "# Those marked * can change while it runs.",
    `${key(node)}:`,
    "  ros__parameters:",
  ];
  let open: readonly (string | number)[] = [];
  leavesOf(document).forEach(({ path }, k) => {
    const folder = path.slice(0, -1);
    const shared = commonLength(open, folder);
    folder.slice(shared).forEach((part, depth) => {
      lines.push(`${indent(shared + depth)}${key(part)}:`);
    });
    open = folder;
    const space = indent(folder.length);
    lines.push(...comment(declarations[k], space));
    lines.push(`${space}${key(path[path.length - 1])}: ${print(declarations[k])}`);
  });
  return `${lines.join("\n")}\n`;
}

function commonLength(a: readonly unknown[], b: readonly unknown[]): number {
  const differ = a.findIndex((part, k) => part !== b[k]);
  return differ < 0 ? a.length : differ;
}

function indent(depth: number): string {
  return " ".repeat(4 + 2 * depth);
}

function comment({ description, readOnly }: ParameterDeclaration, space: string): string[] {
  const lines = [""];
  for (const word of `${readOnly ? "" : "* "}${description}`.split(/\s+/)) {
    const line = lines[lines.length - 1];
    const isFull = line !== "" && space.length + 2 + line.length + 1 + word.length > LONGEST_LINE;
    if (isFull) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${space}# ${line}`);
}

/** What YAML might take for something else than text is quoted: on, 0, null. */
function key(part: string | number): string {
  const text = String(part);
  const isPlain = /^[a-z_][\w.]*$/i.test(text) && !/^(y|yes|n|no|on|off|true|false|null)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function print({ type, value }: { readonly type: ParameterType; readonly value: ParameterValue }): string {
  if (typeof value === "object") return `[${value.map((each) => scalar(type, each)).join(", ")}]`;
  return scalar(type, value);
}

function scalar(type: ParameterType, value: string | number | boolean): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean" || type.startsWith("integer")) return String(value);
  if (Number.isNaN(value)) return ".nan";
  // ROS takes a number without a point for an integer, and refuses it for a double.
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? value.toFixed(1) : String(value);
}
