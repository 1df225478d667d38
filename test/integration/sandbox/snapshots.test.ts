import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { lstat, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { fileSystemsOf, openFileSystem, type FileSystemUnderTest } from "./file-systems.ts";
import { openWorkspaces, owner, whyNoImages, type WorkspacesUnderTest } from "./open-workspaces.ts";
import { factsOf, inWorkspace, snapshotsOf, writeVariety } from "./snapshots-under-test.ts";

const { signal } = new AbortController();

const subjects = [
  { what: "a folder", quota: "watched" as const, fileSystem: undefined },
  ...((await whyNoImages()) === undefined
    ? (await fileSystemsOf(["ext4", "btrfs", "xfs"])).map((fileSystem) => ({
        what: `an image on ${fileSystem}`,
        quota: "filesystem" as const,
        fileSystem,
      }))
    : []),
];

describe.each(subjects)("snapshots of a workspace that is $what", ({ quota, fileSystem }) => {
  let disk: FileSystemUnderTest | undefined;
  beforeAll(async () => {
    disk = fileSystem && (await openFileSystem(fileSystem));
  });
  afterAll(() => disk?.[Symbol.asyncDispose]());
  const isCloned = fileSystem === "btrfs" || fileSystem === "xfs";
  const open = (): Promise<WorkspacesUnderTest> => openWorkspaces(quota, disk?.folder);

  test("modes, times, links and hard links come back", async () => {
    await using it = await open();
    const snapshots = snapshotsOf(it);
    const before = await inWorkspace(it, "s_1", async (hostPath) => {
      await writeVariety(hostPath);
      return factsOf(hostPath);
    });
    const snapshot = await snapshots.take("s_1", { signal });
    expect(snapshot?.form).toMatch(isCloned ? /^image$/ : /^tar/);
    await inWorkspace(it, "s_1", async (hostPath) => {
      await rm(join(hostPath, "a"), { recursive: true });
      await writeFile(join(hostPath, "new"), "new");
    });
    await snapshots.restore("s_1", String(snapshot?.id), { signal });

    expect(await inWorkspace(it, "s_1", factsOf)).toEqual(before);
    await snapshots.fork("s_1", "s_2", { signal });
    expect(await inWorkspace(it, "s_2", factsOf)).toEqual(before);
    const { uid } = await inWorkspace(it, "s_2", (hostPath) => lstat(join(hostPath, "a/program")));
    // What is unpacked is given to the owner; a clone is what it was.
    expect(uid).toBe(process.getuid?.() === 0 && !isCloned ? owner.uid : process.getuid?.());
  });

  test("as many are kept as was asked for, and a change that hides is seen", async () => {
    await using it = await open();
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
    await using it = await open();
    const snapshots = snapshotsOf(it);
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), "x".repeat(300_000)));
    const { id = "", form } = (await snapshots.take("s_1", { signal })) ?? {};
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), "now"));
    const file = join(it.folder, ".snapshots/s_1", `${id}.${form}`);
    await truncate(file, (await stat(file)).size - 10);

    await expect(snapshots.restore("s_1", id, { signal })).rejects.toThrow(/zstd|end|e2fsck/);
    const text = await inWorkspace(it, "s_1", (path) => readFile(join(path, "file"), "utf8"));
    expect(text).toBe("now");
    expect(await readdir(join(it.folder, ".images"))).toEqual(
      quota === "filesystem" ? ["s_1.ext4"] : [],
    );
  });

  test("a process that is killed in the middle leaves the former snapshot and files", async () => {
    await using it = await open();
    const snapshots = snapshotsOf(it);
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), "first"));
    const first = await snapshots.take("s_1", { signal });
    await inWorkspace(it, "s_1", async (path) => {
      execFileSync("sh", ["-c", `head -c 200000000 /dev/urandom > ${path}/large`]);
    });
    const host = fileURLToPath(new URL("./snapshots-host.mjs", import.meta.url));
    expect(await once(fork(host, [it.folder, "take", quota]), "exit")).toEqual([null, "SIGKILL"]);
    const next = await openAgain(it, quota);
    const again = snapshotsOf(next);

    expect(await again.list("s_1")).toEqual([first]);
    const second = await again.take("s_1", { signal });
    const names = await readdir(join(it.folder, ".snapshots/s_1"));
    expect(names).toHaveLength(2);

    const restoring = fork(host, [it.folder, "restore", quota, String(second?.id)]);
    expect(await once(restoring, "exit")).toEqual([null, "SIGKILL"]);
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
