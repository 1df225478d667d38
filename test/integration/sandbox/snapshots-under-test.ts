import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readlink,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";

import { systemClock } from "../../../src/core/clock.ts";
import {
  createSnapshots,
  type Snapshots,
  type SnapshotsOptions,
} from "../../../src/sandbox/snapshots.ts";
import { owner, type WorkspacesUnderTest } from "./open-workspaces.ts";

const { signal } = new AbortController();
export const workspaceBytes = 300 * 1024 * 1024;

/** Beside the workspaces. */
export const snapshotsOf = (
  { folder, workspaces: { trees } }: WorkspacesUnderTest,
  options: Pick<SnapshotsOptions, "form"> = {},
): Snapshots =>
  createSnapshots({
    ...options,
    folder: join(folder, ".snapshots"),
    trees,
    clock: systemClock,
    keep: 3,
    owner: process.getuid?.() === 0 ? owner : undefined,
  });

/** Works on the files of a session, as a sandbox of it would. */
export async function inWorkspace<T>(
  it: WorkspacesUnderTest,
  sessionId: string,
  work: (hostPath: string) => Promise<T>,
): Promise<T> {
  const workspace = await it.workspaces.open(sessionId, { workspaceBytes, signal });
  try {
    return await work(workspace.hostPath);
  } finally {
    await workspace.release();
  }
}

/** What matters of every file, by path. */
export const factsOf = async (hostPath: string): Promise<Record<string, unknown>> => {
  const paths = await readdir(hostPath, { recursive: true });
  const facts = paths.toSorted().map(async (path) => {
    const { mode, mtimeMs, size, nlink } = await lstat(join(hostPath, path));
    const target = await readlink(join(hostPath, path)).catch(() => undefined);
    const isFolder = (mode & 0o170000) === 0o040000;
    return [path, { mode, mtime: Math.round(mtimeMs), target, ...(!isFolder && { size, nlink }) }];
  });
  return Object.fromEntries(await Promise.all(facts));
};

export async function writeVariety(hostPath: string): Promise<void> {
  const at = (path: string): string => join(hostPath, path);
  await mkdir(at("a/b/empty"), { recursive: true });
  await writeFile(at("a/program"), "#!/bin/sh\n");
  await chmod(at("a/program"), 0o755);
  await writeFile(at("a/secret"), "");
  await chmod(at("a/secret"), 0o400);
  await link(at("a/program"), at("a/b/same"));
  await symlink("../program", at("a/b/link"));
  await symlink("/nowhere/else", at("dangling"));
  await writeFile(at(`${"long".repeat(50)} grüße\nline`), "x".repeat(100_001));
  await utimes(at("a/secret"), 1_000_000, 1_234_567.891);
  await utimes(at("a/b"), 1_000_000, 987_654_321);
  await chmod(at("a/b"), 0o500);
}
