import { parse } from "yaml";
import { ConfigurationError } from "../../policy/errors.js";

/** A node's names, after remapping. */
export interface NodeNames {
  readonly name: string;
  /** Fully qualified, e.g. `/robot/parapilot`. */
  readonly qualified: string;
}

/**
 * What the command line and parameter files say of the parameters of one node, by name; a later entry wins over an
 * earlier one. Read here because rclnodejs overlooks the keys that `ros2 param dump` writes (`/robot/parapilot`) and
 * those with wildcards, and takes only `parapilot` and `/**`.
 *
 * @param args with `--ros-args`, as `ros2 run` and `ros2 launch` give them.
 * @param readFile gives the text of a parameter file.
 * @throws ConfigurationError for a file or a value that cannot be read.
 * @example
 * parameterOverrides(["--ros-args", "-p", "budgets.solve:=40 ms"], node, readFile); // Map { "budgets.solve" => "40 ms" }
 */
export function parameterOverrides(
  args: readonly string[],
  node: NodeNames,
  readFile: (path: string) => string,
): ReadonlyMap<string, unknown> {
  const overrides = new Map<string, unknown>();
  for (const [flag, value] of rosArguments(args)) {
    const entries =
      flag === "--params-file" ? fileEntries(value, readFile, node) : assignmentEntries(value, node);
    for (const [name, setting] of entries) overrides.set(name, setting);
  }
  return overrides;
}

type Entry = readonly [name: string, value: unknown];

/** Parameter flags, with their values, between `--ros-args` and `--`. */
function* rosArguments(args: readonly string[]): Generator<readonly [flag: string, value: string]> {
  let isRos = false;
  for (let i = 0; i < args.length; i++) {
    const flag = args[i] as string;
    if (flag === "--ros-args") isRos = true;
    else if (flag === "--") isRos = false;
    else if (isRos && ["-p", "--param", "--params-file"].includes(flag)) {
      const value = args[++i];
      if (value === undefined) throw new ConfigurationError(`${flag}: nothing follows it`);
      yield [flag, value];
    }
  }
}

function assignmentEntries(text: string, node: NodeNames): readonly Entry[] {
  const match = /^(?:([^:]+):)?([^:]+):=(.*)$/s.exec(text);
  if (!match) throw new ConfigurationError(`-p ${text}: write -p name:=value or -p node:name:=value`);
  const [, pattern, name, value] = match as unknown as [string, string | undefined, string, string];
  if (pattern !== undefined && !isFor(pattern, node)) return [];
  return flatten(name, yaml(value, `-p ${text}`));
}

function fileEntries(path: string, readFile: (path: string) => string, node: NodeNames): readonly Entry[] {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new ConfigurationError(`--params-file ${path}: ${(error as Error).message}`);
  }
  return nodeEntries("", yaml(text, `--params-file ${path}`), node);
}

/** Keys above `ros__parameters` are the parts of a node's name, in one piece or nested. */
function nodeEntries(pattern: string, value: unknown, node: NodeNames): readonly Entry[] {
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "ros__parameters") return isFor(pattern, node) ? flatten("", inner) : [];
    return nodeEntries(pattern === "" ? key : `${pattern}/${key}`, inner, node);
  });
}

/** `**` stands for any number of names, `*` for one; a bare name for a node of that name in whatever namespace. */
function isFor(pattern: string, { name, qualified }: NodeNames): boolean {
  if (/^\w+$/.test(pattern)) return pattern === name;
  const absolute = pattern.startsWith("/") ? pattern : `/${pattern}`;
  const expression = absolute
    .replaceAll(/[^\w/*]/g, "\\$&")
    .replaceAll("/**", "(/\\w+)<")
    .replaceAll("/*", "/\\w+")
    .replaceAll("<", "*");
  return new RegExp(`^${expression}$`).test(qualified);
}

function flatten(name: string, value: unknown): readonly Entry[] {
  if (value === null || value === undefined) return [];
  if (!isMap(value)) return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(name === "" ? key : `${name}.${key}`, inner),
  );
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function yaml(text: string, where: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigurationError(`${where}: ${(error as Error).message}`);
  }
}
