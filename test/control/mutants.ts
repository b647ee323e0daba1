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

/** Files between one and the loop. */
const IMPORTERS: Readonly<Record<string, readonly string[]>> = { "requests.js": ["orders.js"] };

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
    // What imports the broken file, up to the loop, is copied too.
    let [name, ...importers] = file === "loop.js" ? [file] : [file, ...(IMPORTERS[file] ?? []), "loop.js"];
    let entry = broken;
    for (const importer of importers) {
      const source = await readFile(new URL(importer, FOLDER), "utf8");
      entry = await write(importer, source.replace(`"./${name}"`, `"./mistake-${number}-${name}"`));
      name = importer;
    }
    return (await import(entry.href)).ControlLoop;
  } finally {
    for (const copy of written) await rm(copy);
  }
}
