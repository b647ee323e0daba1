import { readFile, rm, writeFile } from "node:fs/promises";
import type { LoopClass } from "./rehearsal.js";

/** A deliberate mistake in one file of the control loop. */
export interface Mistake {
  /** The safety rule that it breaks. */
  readonly rule: number;
  readonly what: string;
  /** A file beside loop.js, as compiled. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const FOLDER = new URL("../../src/control/", import.meta.url);

/**
 * Loads the control loop with a mistake in it, from a copy of the compiled file.
 *
 * @throws Error when the text to be changed is not there exactly once: the mistake would be none.
 */
export async function withMistake(mistake: Mistake, number: number): Promise<LoopClass> {
  const { file, find, replace, what } = mistake;
  const text = await readFile(new URL(file, FOLDER), "utf8");
  if (text.split(find).length !== 2) throw new Error(`"${find}" is not in ${file} exactly once: ${what}`);
  const written: URL[] = [];
  const write = async (name: string, content: string) => {
    const copy = new URL(`mistake-${number}-${name}`, FOLDER);
    await writeFile(copy, content);
    written.push(copy);
    return copy;
  };
  try {
    const broken = await write(file, text.replace(find, replace));
    if (file === "loop.js") return (await import(broken.href)).ControlLoop;
    const loop = await readFile(new URL("loop.js", FOLDER), "utf8");
    const copy = await write("loop.js", loop.replace(`"./${file}"`, `"./mistake-${number}-${file}"`));
    return (await import(copy.href)).ControlLoop;
  } finally {
    for (const copy of written) await rm(copy);
  }
}
