import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";

import { messageOf, OpsthreadError } from "../core/errors.ts";
import type { SourceMount } from "../sandbox/sandbox.ts";

/** Local files as a sandbox sees them: nothing of their folders but the files themselves. */
export interface MountedFiles {
  readonly mounts: readonly SourceMount[];
  /** Their paths in the sandbox, in the order given. */
  readonly paths: readonly string[];
  /** Replaces local paths by those in the sandbox. */
  readonly inside: (text: string) => string;
  /** Replaces the sandbox's paths by what was given. */
  readonly outside: (text: string) => string;
}

export async function mountFiles(paths: readonly string[]): Promise<MountedFiles> {
  for (const path of paths) await assertReadable(path);
  const files = paths.map((path, index) => ({
    path,
    name: `f${index + 1}`,
    inside: `/sources/f${index + 1}/${basename(path)}`,
  }));
  const replaceAll = (text: string, from: "path" | "inside", to: "path" | "inside"): string =>
    files.reduce((result, file) => result.replaceAll(file[from], file[to]), text);
  return {
    mounts: files.map(({ path, name }) => ({
      name,
      hostPath: dirname(resolve(path)),
      include: [escapeGlob(basename(path))],
    })),
    paths: files.map(({ inside }) => inside),
    inside: (text) => replaceAll(text, "path", "inside"),
    outside: (text) => replaceAll(text, "inside", "path"),
  };
}

async function assertReadable(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (error) {
    throw new OpsthreadError("SOURCE_UNREADABLE", `Cannot read "${path}": ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new OpsthreadError(
    "SOURCE_UNREADABLE",
    `Cannot read "${path}": it is a folder, expected a file`,
  );
}

const escapeGlob = (name: string): string => name.replaceAll(/[\\*?[\]{}()!+@]/g, String.raw`\$&`);
