import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { heldToContract } from "../../sim/contract.js";
import { foreignFailure } from "../../sim/foreign-failure.js";
import type { World } from "../../sim/world.js";
import { ConfigurationError } from "../policy/errors.js";
import { shipped } from "./options.js";

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
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) throw new ConfigurationError(`there is no file ${file}`);
  if (!entry.isFile())
    throw new ConfigurationError(`${file} is no file; give the JavaScript file of the world`);
  const { default: open } = (await load(path, file)) as { readonly default?: unknown };
  if (typeof open !== "function") {
    throw new ConfigurationError(
      `${file} has to export a function that opens the world: export default () => ({ task, env, hold })`,
    );
  }
  return heldToContract(await opened(open as () => unknown, file), file);
}

async function opened(open: () => unknown, file: string): Promise<unknown> {
  try {
    return await open();
  } catch (thrown) {
    throw foreignFailure(`${file}: opening the world fails`, thrown, import.meta.url);
  }
}

async function load(path: string, file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (thrown) {
    const { code, message } = Object(thrown) as NodeJS.ErrnoException;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new ConfigurationError(
        `Node ${process.version} cannot load ${file}; give JavaScript (.mjs), which TypeScript compiles to`,
      );
    }
    if (code === "ERR_MODULE_NOT_FOUND") {
      const own = message.includes("'parapilot'");
      const remedy = own ? `; in the folder of the file: npm install --ignore-scripts ${shipped("")}` : "";
      throw new ConfigurationError(`cannot load ${file}: ${message}${remedy}`);
    }
    // Node keeps to itself where it was until nobody handles it.
    const where = thrown instanceof SyntaxError ? ` (\`node ${file}\` shows where)` : "";
    throw foreignFailure(`cannot load ${file}${where}`, thrown, import.meta.url);
  }
}
