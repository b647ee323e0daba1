import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** Of the first Chromium on the path, or undefined. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** One page of a headless Chromium, driven over its DevTools pipe. */
export class Browser {
  /** Console errors, uncaught exceptions and failed loads, as text. */
  readonly complaints: string[] = [];
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #session: string | undefined;
  #nextId = 1;
  #rest = "";

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process;
    this.#profile = profile;
    const incoming = process.stdio[4] as Readable;
    incoming.setEncoding("utf8").on("data", (text: string) => this.#read(text));
  }

  static async launch(executable: string): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "parapilot-browser-"));
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
    ];
    const process = spawn(executable, [...flags, `--user-data-dir=${profile}`, "--remote-debugging-pipe"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const browser = new Browser(process, profile);
    const { targetId } = await browser.send<{ targetId: string }>("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await browser.send<{ sessionId: string }>("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    browser.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Log"]) await browser.send(`${domain}.enable`);
    return browser;
  }

  async open(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
  }

  /** What an expression is in the page; it must be JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send<{
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    }>("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? "exception in the page");
    return result.value;
  }

  /** Waits until an expression is truthy in the page. */
  async until(expression: string): Promise<void> {
    while (!(await this.evaluate<boolean>(`document.readyState === "complete" && Boolean(${expression})`))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  send<T>(method: string, params: object = {}): Promise<T> {
    const id = this.#nextId++;
    const command = { id, method, params, ...(this.#session ? { sessionId: this.#session } : {}) };
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify(command)}\0`);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: (result) => resolve(result as T), reject });
    });
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "close");
    this.#process.kill("SIGKILL");
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#take(JSON.parse(part) as Reply);
  }

  #take({ id, method, params, result, error }: Reply): void {
    if (id !== undefined) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) pending?.reject(new Error(error.message));
      else pending?.resolve(result);
      return;
    }
    const isComplaint =
      method === "Runtime.exceptionThrown" ||
      (method === "Runtime.consoleAPICalled" && (params as { type: string }).type === "error") ||
      (method === "Log.entryAdded" && (params as { entry: { level: string } }).entry.level === "error");
    if (isComplaint) this.complaints.push(JSON.stringify(params));
  }
}
