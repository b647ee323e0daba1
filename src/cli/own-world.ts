import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { heldToContract } from "../../sim/contract.js";
import type { World } from "../../sim/world.js";
import { ConfigurationError } from "../policy/errors.js";

/** Whether what a person calls a world is a file. */
export function isFile(name: string): boolean {
  return extname(name) !== "";
}

/**
 * Opens a world that somebody has written: an ES module whose default export is a function that gives one, which is called
 * once for every world that is played at the same time.
 *
 * @throws ConfigurationError when the file cannot be loaded, or gives something else.
 */
export async function openOwnWorld(file: string): Promise<World> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ConfigurationError(`there is no file ${file}`);
  const { default: open } = (await load(path, file)) as { readonly default?: unknown };
  if (typeof open !== "function") {
    throw new ConfigurationError(
      `${file} has to export a function that opens the world: export default () => ({ task, env, hold })`,
    );
  }
  return heldToContract(await open(), file);
}

async function load(path: string, file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_UNKNOWN_FILE_EXTENSION") throw error;
    throw new ConfigurationError(
      `Node ${process.version} cannot load ${file}; give JavaScript (.mjs), which TypeScript compiles to`,
    );
  }
}
