import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { systemClock } from "../../../src/core/clock.ts";
import { createSnapshots, type Snapshots } from "../../../src/sandbox/snapshots.ts";
import { openWorkspaces, owner, whyNoImages, type WorkspacesUnderTest } from "./open-workspaces.ts";

const { signal } = new AbortController();
const workspaceBytes = 300 * 1024 * 1024;

const snapshotsOf = ({ folder, workspaces: { trees } }: WorkspacesUnderTest): Snapshots =>
  createSnapshots({
    folder: join(folder, ".snapshots"),
    trees,
    clock: systemClock,
    keep: 3,
    owner: process.getuid?.() === 0 ? owner : undefined,
  });

/** Works on the files of a session, as a sandbox of it would. */
async function inWorkspace<T>(
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
const factsOf = async (hostPath: string): Promise<Record<string, unknown>> => {
  const paths = await readdir(hostPath, { recursive: true });
  const facts = paths.toSorted().map(async (path) => {
    const { mode, mtimeMs, size, nlink } = await lstat(join(hostPath, path));
    const target = await readlink(join(hostPath, path)).catch(() => undefined);
    const isFolder = (mode & 0o170000) === 0o040000;
    return [path, { mode, mtime: Math.round(mtimeMs), target, ...(!isFolder && { size, nlink }) }];
  });
  return Object.fromEntries(await Promise.all(facts));
};

async function writeVariety(hostPath: string): Promise<void> {
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

const forms = [
  ["folder", "watched"],
  ...((await whyNoImages()) === undefined ? [["image", "filesystem"] as const] : []),
] as const;

describe.each(forms)("snapshots of a workspace that is a%s", (_, quota) => {
  test("modes, times, links and hard links come back", async () => {
    await using it = await openWorkspaces(quota);
    const snapshots = snapshotsOf(it);
    const before = await inWorkspace(it, "s_1", async (hostPath) => {
      await writeVariety(hostPath);
      return factsOf(hostPath);
    });
    const snapshot = await snapshots.take("s_1", { signal });
    await inWorkspace(it, "s_1", async (hostPath) => {
      await rm(join(hostPath, "a"), { recursive: true });
      await writeFile(join(hostPath, "new"), "new");
    });
    await snapshots.restore("s_1", String(snapshot?.id), { signal });

    expect(await inWorkspace(it, "s_1", factsOf)).toEqual(before);
    await snapshots.fork("s_1", "s_2", { signal });
    expect(await inWorkspace(it, "s_2", factsOf)).toEqual(before);
    const { uid } = await inWorkspace(it, "s_2", (hostPath) => lstat(join(hostPath, "a/program")));
    expect(uid).toBe(process.getuid?.() === 0 ? owner.uid : process.getuid?.());
  });

  test("as many are kept as was asked for, and a change that hides is seen", async () => {
    await using it = await openWorkspaces(quota);
    const snapshots = snapshotsOf(it);
    const ids: (string | undefined)[] = [];
    for (const text of ["one", "two", "six", "ten"]) {
      await inWorkspace(it, "s_1", async (hostPath) => {
        await writeFile(join(hostPath, "file"), text);
        await utimes(join(hostPath, "file"), 1, 1);
      });
      ids.push((await snapshots.take("s_1", { signal }))?.id);
      expect(await snapshots.take("s_1", { signal })).toBeUndefined();
    }
    const kept = await snapshots.list("s_1");
    expect(kept.map(({ id }) => id)).toEqual(ids.slice(1));
    await snapshots.restore("s_1", String(ids[1]), { signal });
    const text = await inWorkspace(it, "s_1", (path) => readFile(join(path, "file"), "utf8"));
    expect(text).toBe("two");
  });

  test("a snapshot that is damaged changes nothing", async () => {
    await using it = await openWorkspaces(quota);
    const snapshots = snapshotsOf(it);
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), "x".repeat(300_000)));
    const { id = "", bytes = 0, form } = (await snapshots.take("s_1", { signal })) ?? {};
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), "now"));
    const file = join(it.folder, ".snapshots/s_1", `${id}.${form}`);
    await truncate(file, bytes - 10);

    await expect(snapshots.restore("s_1", id, { signal })).rejects.toThrow(/zstd|end/);
    const text = await inWorkspace(it, "s_1", (path) => readFile(join(path, "file"), "utf8"));
    expect(text).toBe("now");
    expect(await readdir(join(it.folder, ".images"))).toEqual(
      quota === "filesystem" ? ["s_1.ext4"] : [],
    );
  });

  test("a process that is killed in the middle leaves the former snapshot and files", async () => {
    await using it = await openWorkspaces(quota);
    const snapshots = snapshotsOf(it);
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), "first"));
    const first = await snapshots.take("s_1", { signal });
    await inWorkspace(it, "s_1", async (path) => {
      execFileSync("sh", ["-c", `head -c 200000000 /dev/urandom > ${path}/large`]);
    });
    const host = fileURLToPath(new URL("./snapshots-host.mjs", import.meta.url));
    const killed = fork(host, [it.folder, "take", quota]);
    await once(killed, "message");
    killed.kill("SIGKILL");
    await once(killed, "exit");
    const next = await openAgain(it, quota);
    const again = snapshotsOf(next);

    expect(await again.list("s_1")).toEqual([first]);
    const second = await again.take("s_1", { signal });
    const names = await readdir(join(it.folder, ".snapshots/s_1"));
    expect(names).toHaveLength(2);

    const restoring = fork(host, [it.folder, "restore", quota, String(second?.id)]);
    await once(restoring, "message");
    restoring.kill("SIGKILL");
    await once(restoring, "exit");
    const last = await openAgain(it, quota);
    const { size } = await inWorkspace(last, "s_1", (path) => lstat(join(path, "large")));
    expect(size).toBe(200_000_000);
    await snapshotsOf(last).restore("s_1", String(first?.id), { signal });
    expect(await inWorkspace(last, "s_1", (path) => readdir(path))).toEqual(["file"]);
  });
});

/** What the next process does first. */
async function openAgain(
  it: WorkspacesUnderTest,
  quota: "watched" | "filesystem",
): Promise<WorkspacesUnderTest> {
  const workspaces = await it.again(quota);
  await workspaces.sweep();
  return { ...it, workspaces };
}
