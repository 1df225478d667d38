import { lstat, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";

import { OpsthreadError, messageOf } from "../core/errors.ts";
import type { Source, SourceFile } from "./source.ts";

export interface FileSourceOptions {
  /** What people and models call it: the folder under `/sources`. Lower-case letters, digits, `-` and `_`. */
  readonly name: string;
  readonly description?: string;
  /** Absolute paths or globs on the host, such as `/var/log/app/*.log`. Rotated files beside them are included. */
  readonly patterns: string | readonly string[];
}

/**
 * Files of the host, chosen by globs. A path's rotated versions (`app.log.1`, `app.log.2.gz`, `app.log-20260101`) come
 * with it. Links are left out: what they lead to may lie anywhere.
 *
 * @example
 * ```ts
 * fileSource({ name: "web", description: "nginx of the shop", patterns: "/var/log/nginx/*.log" });
 * ```
 * @throws {OpsthreadError} `CONFIG_INVALID` for a name or pattern that is not usable
 */
export function fileSource({ name, description, patterns }: FileSourceOptions): Source {
  const globs = typeof patterns === "string" ? [patterns] : patterns;
  checkName(name);
  checkPatterns(name, globs);
  const hostPath = commonFolder(globs.map(staticFolder));
  const include = globs.map((pattern) => relative(hostPath, pattern)).flatMap(withRotated);
  return {
    name,
    description: description ?? `Files ${globs.join(", ")}`,
    hostPath,
    include,
    async list({ signal }) {
      await checkFolder(name, hostPath);
      // A configuration names sources; a process that only reads it has no use for this.
      const { glob } = await import("tinyglobby");
      const paths = await glob([...include], {
        cwd: hostPath,
        followSymbolicLinks: false,
        dot: true,
        signal,
      });
      const files = await Promise.all(paths.map((path) => describe(hostPath, path)));
      signal.throwIfAborted();
      return files
        .filter((file) => file !== undefined)
        .toSorted((a, b) => b.modifiedAt - a.modifiedAt || (a.path < b.path ? -1 : 1));
    },
  };
}

function checkName(name: string): void {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot define source "${name}": its name is not usable, expected lower-case letters, digits, "-" and "_"`,
  );
}

function checkPatterns(name: string, patterns: readonly string[]): void {
  if (patterns.length === 0) {
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot define source "${name}": it has no pattern, expected at least one`,
    );
  }
  const wrong = patterns.find(
    (pattern) => !isAbsolute(pattern) || pattern.split("/").includes(".."),
  );
  if (wrong === undefined) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot define source "${name}": "${wrong}" is not an absolute path, expected one without ".."`,
  );
}

const wild = /[*?[\]{}()!+@]/;

/** The folder of a pattern up to its first part with a wildcard. */
function staticFolder(pattern: string): string {
  const parts = pattern.split("/").slice(0, -1);
  const first = parts.findIndex((part) => wild.test(part));
  return (first === -1 ? parts : parts.slice(0, first)).join("/") || "/";
}

function commonFolder(folders: readonly string[]): string {
  const [first = [], ...others] = folders.map((folder) => folder.split("/").filter(Boolean));
  let length = first.length;
  for (const parts of others) {
    const differs = first.findIndex((part, index) => part !== parts[index]);
    if (differs !== -1) length = Math.min(length, differs);
  }
  return `/${first.slice(0, length).join("/")}`;
}

/** `app.log` is also `app.log.1`, `app.log.2.gz` and `app.log-20260101.gz`. */
function withRotated(pattern: string): readonly string[] {
  return pattern.endsWith("*") ? [pattern] : [pattern, `${pattern}.[0-9]*`, `${pattern}-[0-9]*`];
}

async function checkFolder(name: string, hostPath: string): Promise<void> {
  const found = await stat(hostPath).catch((error: unknown) => messageOf(error));
  if (typeof found !== "string" && found.isDirectory()) return;
  throw new OpsthreadError(
    "SOURCE_UNREADABLE",
    `Cannot read source "${name}": "${hostPath}" is no readable folder, expected one`,
  );
}

/** Undefined for what is gone meanwhile, and for what is no file. */
async function describe(hostPath: string, path: string): Promise<SourceFile | undefined> {
  try {
    const file = await lstat(join(hostPath, path));
    return file.isFile() ? { path, size: file.size, modifiedAt: file.mtimeMs } : undefined;
  } catch {
    // Rotated away between the listing and now.
    return undefined;
  }
}
