import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Bundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import { peerWeights, safetensorsOf } from "./peer-weights.js";

/** torch.compile and the capture of a hundred steps are slow; a driver that hangs is not waited for longer. */
const PATIENCE_MS = 180_000;
const LAYOUTS = ["conv", "slices"] as const;

export interface PeerGreeting {
  readonly torch: string;
  readonly device: string;
  readonly is_gpu: boolean;
  readonly variants: readonly string[];
}

export interface PeerOptions {
  /** Of an interpreter that has PyTorch. */
  readonly python: string;
  /** policies/train/peer.py */
  readonly script: string;
  /** Offer torch.compile variants too. */
  readonly compile: boolean;
}

/**
 * The same network in PyTorch, in a process of its own that lives from the first timing to the last, so that both sides
 * can be timed in turns on the same machine.
 *
 * @example
 * const peer = await Peer.start(bundle, { python: "python3", script, compile: false });
 * await peer.time(peer.greeting.variants[0], "ddpm", 100); // milliseconds of one sampled chunk
 * await peer.close();
 */
export class Peer {
  readonly greeting: PeerGreeting;
  readonly #conversation: Conversation;

  private constructor(conversation: Conversation, greeting: PeerGreeting) {
    this.#conversation = conversation;
    this.greeting = greeting;
  }

  /** @throws ConfigurationError when the network cannot be rebuilt, or the interpreter does not run the script. */
  static async start({ manifest, network }: Bundle, options: PeerOptions): Promise<Peer> {
    const weights = safetensorsOf(peerWeights(network));
    const folder = await mkdtemp(join(tmpdir(), "parapilot-peer-"));
    const file = join(folder, "weights.safetensors");
    await writeFile(file, weights);
    const { levels } = manifest.diffusion;
    const sizes = ["--levels", `${levels}`, "--horizon", `${manifest.horizon}`];
    const args = [options.script, "--weights", file, ...sizes, ...(options.compile ? ["--compile"] : [])];
    const conversation = new Conversation(options.python, args);
    try {
      return new Peer(conversation, await conversation.hear<PeerGreeting>());
    } catch (error) {
      await conversation.end();
      throw new ConfigurationError(
        `${options.python} does not run ${options.script}: ${(error as Error).message}; give --peer an interpreter that has PyTorch`,
      );
    } finally {
      // Read before it greets.
      await rm(folder, { recursive: true });
    }
  }

  /** Milliseconds of one chunk, sampled step by step. */
  async time(variant: string, rule: "ddpm" | "ddim", steps: number): Promise<number> {
    return (await this.#conversation.ask<{ ms: number }>({ time: variant, rule, steps })).ms;
  }

  /** Median milliseconds of one network call. */
  async call(variant: string, rows: number): Promise<number> {
    return (await this.#conversation.ask<{ ms: number }>({ call: variant, rows })).ms;
  }

  /** What the device does at most, by torch: gigabytes copied a second, and billions of operations by number format. */
  rates(): Promise<Readonly<Record<string, number>>> {
    return this.#conversation.ask({ rates: true });
  }

  /** Of both layouts: the largest difference of their answers from the given ones. */
  async differences(
    sample: Float64Array,
    level: Int32Array,
    observation: Float64Array,
    expected: Float64Array,
  ): Promise<Record<(typeof LAYOUTS)[number], number>> {
    const found = { conv: Number.NaN, slices: Number.NaN };
    for (const layout of LAYOUTS) {
      const ask = { predict: layout, sample: [...sample], level: [...level], observation: [...observation] };
      const { noise } = await this.#conversation.ask<{ noise: number[] }>(ask);
      found[layout] = Math.max(...noise.map((value, k) => Math.abs(value - expected[k])));
    }
    return found;
  }

  close(): Promise<void> {
    return this.#conversation.end();
  }
}

/** JSON, one object a line, one answer to each. */
class Conversation {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;
  readonly #closed: Promise<void>;
  #stderr = "";

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    this.#closed = new Promise((resolve) => {
      child.on("close", () => resolve());
      child.on("error", (error) => {
        this.#stderr += error.message;
        resolve();
      });
    });
    child.stderr.on("data", (data) => {
      this.#stderr = `${this.#stderr}${data}`.slice(-4000);
    });
    // Broken when it has died, which the missing answer says better.
    child.stdin.on("error", () => {});
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  ask<T>(question: object): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return this.hear();
  }

  async hear<T>(): Promise<T> {
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      late = setTimeout(() => {
        this.#child.kill("SIGKILL");
        reject(new Error(`it did not answer within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
    });
    const { value, done } = await Promise.race([this.#answers.next(), patience]).finally(() =>
      clearTimeout(late),
    );
    if (done) {
      await this.#closed;
      throw new Error(this.#stderr.trim().split("\n").pop() || "it ended without a word");
    }
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    this.#lines.close();
    await this.#closed;
  }
}
