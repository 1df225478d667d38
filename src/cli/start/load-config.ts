import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { z } from "zod";

import { Config } from "../../config.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";

/** A configuration, and the file that it is from: paths in it are relative to its folder. */
export interface LoadedConfig {
  readonly path: string;
  readonly folder: string;
  readonly config: Config;
}

/**
 * Reads the configuration: JSON, or a module whose default export it is, in JavaScript or TypeScript.
 * @throws {OpsthreadError} `CONFIG_INVALID` that names each place, and what is expected there
 */
export async function loadConfig(given: string | undefined): Promise<LoadedConfig> {
  const path = resolve(given ?? findConfig(process.cwd()));
  const parsed = Config.safeParse(withoutUndefined(await read(path)));
  if (parsed.success) return { path, folder: dirname(path), config: parsed.data };
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use ${basename(path)}:\n${z.prettifyError(parsed.error)}\nAll settings are in docs/configuration.md.`,
    { cause: parsed.error },
  );
}

/** In this order. */
const names = ["ts", "mts", "js", "mjs", "json"].map((ending) => `opsthread.config.${ending}`);

function findConfig(folder: string): string {
  const found = names.find((name) => existsSync(join(folder, name)));
  if (found !== undefined) return join(folder, found);
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot find a configuration in ${folder}: expected opsthread.config.ts, .js or .json, or --config <file>. "opsthread init" writes one.`,
  );
}

async function read(path: string): Promise<unknown> {
  try {
    if (extname(path) === ".json") return JSON.parse(readFileSync(path, "utf8"));
    return await importDefault(path);
  } catch (error) {
    throw new OpsthreadError("CONFIG_INVALID", `Cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** In a module, a setting may be there under a condition: `undefined` is as good as not there. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutUndefined(each)]));
}

async function importDefault(path: string): Promise<unknown> {
  if (/\.[cm]?ts$/.test(path)) {
    const { createJiti } = await import("jiti");
    return createJiti(pathToFileURL(path).href).import(path, { default: true });
  }
  const module: unknown = await import(pathToFileURL(path).href);
  return typeof module === "object" && module !== null && "default" in module
    ? module.default
    : undefined;
}
