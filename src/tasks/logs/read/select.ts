import type { TaskFiles } from "../../task.ts";

export interface NotRead {
  readonly what: string;
  readonly why: string;
}

export interface Selection {
  readonly paths: readonly string[];
  readonly missing: readonly NotRead[];
}

/** More files than this are not read. */
export const fileLimit = 500;

/** The files that paths and globs name, each once. A path is tried as it stands before it is taken for a glob. */
export async function selectFiles(
  files: TaskFiles,
  patterns: readonly string[],
): Promise<Selection> {
  const paths = new Set<string>();
  const missing: NotRead[] = [];
  for (const pattern of patterns) {
    const found = await matching(files, pattern);
    for (const path of found) paths.add(path);
    if (found.length === 0) missing.push({ what: pattern, why: "no such file" });
  }
  const all = [...paths];
  if (all.length > fileLimit) {
    missing.push({ what: `${all.length - fileLimit} files`, why: `more than ${fileLimit} files` });
  }
  return { paths: all.slice(0, fileLimit), missing };
}

async function matching(files: TaskFiles, pattern: string): Promise<readonly string[]> {
  const size = await files.size(pattern);
  if (size !== undefined) return [pattern];
  return /[*?[{]/.test(pattern) ? files.glob(pattern) : [];
}
