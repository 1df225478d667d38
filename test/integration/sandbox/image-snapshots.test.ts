import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../src/core/clock.ts";
import { isOpsthreadError } from "../../../src/core/errors.ts";
import { runProgram } from "../../../src/sandbox/run-program.ts";
import { createSnapshots } from "../../../src/sandbox/snapshots.ts";
import { workspaceTrees } from "../../../src/sandbox/workspace-trees.ts";
import { fileSystemsOf, openFileSystem, type FileSystemUnderTest } from "./file-systems.ts";
import { openWorkspaces, whyNoImages, type WorkspacesUnderTest } from "./open-workspaces.ts";
import { inWorkspace, snapshotsOf, workspaceBytes } from "./snapshots-under-test.ts";

const { signal } = new AbortController();
const mebibyte = 1024 * 1024;

const fileOf = ({ folder }: WorkspacesUnderTest, id = ""): string =>
  join(folder, ".snapshots/s_1", `${id}.image`);

/** Ends with an error for a file system that is not whole, or has a journal to be replayed. */
const assertClean = (image: string): Promise<unknown> => runProgram("e2fsck", ["-f", "-n", image]);

const textOf = (it: WorkspacesUnderTest, file = "file"): Promise<string> =>
  inWorkspace(it, "s_1", (path) => readFile(join(path, file), "utf8"));

const writeText = (it: WorkspacesUnderTest, text: string): Promise<void> =>
  inWorkspace(it, "s_1", (path) => writeFile(join(path, "file"), text));

const fileSystems =
  (await whyNoImages()) === undefined ? await fileSystemsOf(["btrfs", "xfs"]) : [];

describe.each(fileSystems)("snapshots that are images, on %s", (type) => {
  let disk: FileSystemUnderTest;
  beforeAll(async () => {
    disk = await openFileSystem(type);
  });
  afterAll(() => disk[Symbol.asyncDispose]());
  const open = (): Promise<WorkspacesUnderTest> => openWorkspaces("filesystem", disk.folder);

  const freeBytes = async (): Promise<number> => {
    execFileSync("sync", ["--file-system", disk.folder]);
    const { bfree, bsize } = await statfs(disk.folder);
    return bfree * bsize;
  };

  test("snapshots, restored workspaces and forks share their blocks", async () => {
    await using it = await open();
    const snapshots = snapshotsOf(it);
    const large = Buffer.alloc(60 * mebibyte, "large");
    await inWorkspace(it, "s_1", (path) => writeFile(join(path, "large"), large));
    const before = await freeBytes();
    const snapshot = await snapshots.take("s_1", { signal });
    await writeText(it, "later");
    await snapshots.restore("s_1", String(snapshot?.id), { signal });
    await snapshots.fork("s_1", "s_2", { signal });

    expect(before - (await freeBytes())).toBeLessThan(20 * mebibyte);
    for (const sessionId of ["s_1", "s_2"])
      await inWorkspace(it, sessionId, async (path) => {
        expect(await readdir(path)).toEqual(["large"]);
        expect((await readFile(join(path, "large"))).equals(large)).toBe(true);
      });
    expect(await snapshots.list("s_1")).toEqual([snapshot]);
    expect(snapshot).toMatchObject({ form: "image" });
    expect(snapshot?.bytes).toBeGreaterThanOrEqual(large.length);
    expect(snapshot?.bytes).toBeLessThan(large.length + mebibyte);
  });

  test("a workspace in which something writes all the time is kept whole", async () => {
    await using it = await open();
    const snapshots = snapshotsOf(it);
    const workspace = await it.workspaces.open("s_1", { workspaceBytes, signal });
    const busy = `i=0; while :; do i=$((i+1)); mkdir d$i; seq $i 5000 > d$i/f; ln d$i/f l; mv l m; rm -rf d$((i-20)); echo $i; done`;
    const writer = spawn("sh", ["-c", busy], { cwd: workspace.hostPath });
    await once(writer.stdout, "data");
    writer.stdout.resume();
    const taken: (string | undefined)[] = [];
    try {
      for (const text of ["first", "second", "third"]) {
        await writeFile(join(workspace.hostPath, "file"), text);
        const snapshot = await snapshots.take("s_1", { signal });
        expect(snapshot?.form).toBe("image");
        await assertClean(fileOf(it, snapshot?.id));
        taken.push(snapshot?.id);
      }
      expect(writer.exitCode).toBeNull();
    } finally {
      writer.kill("SIGKILL");
      await once(writer, "close");
    }
    await workspace.release();
    for (const [index, text] of ["first", "second", "third"].entries()) {
      await snapshots.restore("s_1", String(taken[index]), { signal });
      expect(await textOf(it)).toBe(text);
    }
  });

  test("who asks for the portable form gets it, and both lie side by side", async () => {
    await using it = await open();
    const auto = snapshotsOf(it);
    const portable = snapshotsOf(it, { form: "portable" });
    await writeText(it, "first");
    const image = await auto.take("s_1", { signal });
    expect(await portable.take("s_1", { signal })).toBeUndefined();
    await writeText(it, "second");
    const archive = await portable.take("s_1", { signal });
    expect(await auto.take("s_1", { signal })).toBeUndefined();

    expect(image?.form).toBe("image");
    expect(archive?.form).toMatch(/^tar/);
    expect(await portable.list("s_1")).toEqual([image, archive]);
    await portable.restore("s_1", String(image?.id), { signal });
    expect(await textOf(it)).toBe("first");
    await auto.restore("s_1", String(archive?.id), { signal });
    expect(await textOf(it)).toBe("second");
    await auto.remove("s_1");
    expect(await readdir(join(it.folder, ".snapshots"))).toEqual([]);
  });

  test("a restored image grows with the limit, whatever the workspace was before", async () => {
    await using it = await open();
    const snapshots = snapshotsOf(it);
    await writeText(it, "text");
    const { id = "" } = (await snapshots.take("s_1", { signal })) ?? {};
    const more = { workspaceBytes: workspaceBytes + 100 * mebibyte, signal };
    await (await it.workspaces.open("s_1", more)).release();
    await snapshots.restore("s_1", id, { signal });
    const grown = await it.workspaces.open("s_1", more);
    expect((await grown.usage()).limitBytes).toBeGreaterThanOrEqual(more.workspaceBytes);
    await grown.release();
    expect(await textOf(it)).toBe("text");
    await it.workspaces.remove("s_1");
    await snapshots.restore("s_1", id, { signal });
    expect(await textOf(it)).toBe("text");
  });

  test("a file system without a journal is packed", async () => {
    await using it = await open();
    const snapshots = snapshotsOf(it);
    const workspace = await it.workspaces.open("s_1", { workspaceBytes: 2 * mebibyte, signal });
    await writeFile(join(workspace.hostPath, "file"), "text");
    const snapshot = await snapshots.take("s_1", { signal });
    await workspace.release();

    expect(snapshot?.form).toMatch(/^tar/);
    await snapshots.fork("s_1", "s_2", { signal });
    await it.workspaces.remove("s_1");
    await snapshots.restore("s_1", String(snapshot?.id), { signal });
    expect(await textOf(it)).toBe("text");
  });

  test("where none can be mounted it is not restored", async () => {
    await using it = await open();
    await writeText(it, "text");
    const { id = "" } = (await snapshotsOf(it).take("s_1", { signal })) ?? {};
    const watched = snapshotsOf({ ...it, workspaces: await it.again("watched") });
    const { folder } = it;
    const trees = workspaceTrees({ folder, locked: (_, work) => work(), isOpen: () => false });
    const virtual = createSnapshots({
      folder: join(folder, ".snapshots"),
      trees,
      clock: systemClock,
    });

    for (const snapshots of [watched, virtual]) {
      const refused = await snapshots
        .restore("s_1", id, { signal })
        .catch((error: unknown) => error);
      expect(isOpsthreadError(refused, "SANDBOX_UNSUPPORTED")).toBe(true);
      expect(String(refused)).toMatch(/expected a driver that can mount it, as root$/);
    }
    expect(await textOf(it)).toBe("text");
  });

  test("one that was carried to where nothing can be cloned is restored", async () => {
    await using it = await open();
    await writeText(it, "text");
    const { id = "" } = (await snapshotsOf(it).take("s_1", { signal })) ?? {};
    await using other = await openWorkspaces();
    await mkdir(join(other.folder, ".snapshots"));
    const folders = [it, other].map(({ folder }) => join(folder, ".snapshots/s_1"));
    execFileSync("cp", ["-r", "--sparse=always", ...folders]);
    await snapshotsOf(other).restore("s_1", id, { signal });
    expect(await textOf(other)).toBe("text");
  });

  test("where images and snapshots lie on two file systems they are packed", async () => {
    await using it = await open();
    await using other = await openWorkspaces();
    await writeText(it, "text");
    const snapshots = snapshotsOf({ ...it, folder: other.folder });
    const snapshot = await snapshots.take("s_1", { signal });
    expect(snapshot?.form).toMatch(/^tar/);
    await writeText(it, "changed");
    await snapshots.restore("s_1", String(snapshot?.id), { signal });
    expect(await textOf(it)).toBe("text");
  });
});
