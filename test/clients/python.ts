import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

/** The Python that is to run the client: one that has what it needs. */
export const PYTHON = process.env.PARAPILOT_PYTHON ?? "python3";

/** Where the client and its tests are. */
const FOLDER = "clients/python";

/** Whether that Python has these modules. */
export function hasModules(...names: readonly string[]): boolean {
  const { status } = spawnSync(PYTHON, ["-c", `import ${names.join(", ")}`], { stdio: "ignore" });
  return status === 0;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module of the client or its tests to its end. */
export function runModule(args: readonly string[], input = ""): Promise<Finished> {
  return run(["-m", ...args], input);
}

/** Runs a script that uses the client. */
export function runScript(file: string, args: readonly string[]): Promise<Finished> {
  return run([file, ...args], "");
}

function run(args: readonly string[], input: string): Promise<Finished> {
  const env = { ...process.env, PYTHONPATH: resolve(FOLDER), PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(PYTHON, ["-W", "ignore", ...args], { cwd: FOLDER, env });
  child.stdin.end(input);
  return ended(child);
}

/** What a process has said when it is over. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    said.stdout += data;
  });
  child.stderr.on("data", (data) => {
    said.stderr += data;
  });
  const [code] = await once(child, "close");
  return { code, ...said };
}

/** Runs a module that reads and prints JSON. */
export async function askModule<T>(module: string, question: unknown): Promise<T> {
  const { code, stdout, stderr } = await runModule([module], JSON.stringify(question));
  if (code !== 0) throw new Error(`${module} ended with code ${code}:\n${stderr}`);
  return JSON.parse(stdout);
}
