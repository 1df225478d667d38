import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";

import { messageOf, OpsthreadError } from "../core/errors.ts";
import type { SourceMount } from "../sandbox/sandbox.ts";

/** Local files as a sandbox sees them: nothing of their folders but the files themselves. */
export interface MountedFiles {
  readonly mounts: readonly SourceMount[];
  /** Their paths in the sandbox, in the order given. */
  readonly paths: readonly string[];
  /** Where a local file is in the sandbox. */
  readonly inside: (path: string) => string;
  /** Replaces the sandbox's paths in a text by what was given. */
  readonly outside: (text: string) => string;
}

export async function mountFiles(paths: readonly string[]): Promise<MountedFiles> {
  for (const path of paths) await assertReadable(path);
  const files = paths.map((path, index) => ({
    path,
    name: `f${index + 1}`,
    inside: `/sources/f${index + 1}/${basename(path)}`,
  }));
  const insideOf = new Map(files.map(({ path, inside }) => [path, inside]));
  return {
    mounts: files.map(({ path, name }) => ({
      name,
      hostPath: dirname(resolve(path)),
      include: [escapeGlob(basename(path))],
    })),
    paths: files.map(({ inside }) => inside),
    inside: (path) => insideOf.get(path) ?? path,
    outside: (text) =>
      files.reduce((result, { path, inside }) => result.replaceAll(inside, path), text),
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
