import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  statfs,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { virtualSandboxes } from "opsthread/virtual";
import { describe, expect, test, vi } from "vitest";

import { isOpsthreadError } from "../../../src/core/errors.ts";
import { readSuperblock } from "../../../src/sandbox/ext4-superblock.ts";
import { imageMounts } from "../../../src/sandbox/image-mounts.ts";
import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import { openWorkspaces, owner, whyNoImages } from "./open-workspaces.ts";

const { signal } = new AbortController();
const mebibyte = 1024 * 1024;

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (isOpsthreadError(error) ? error.code : String(error)),
  );

describe.skipIf((await whyNoImages()) !== undefined)("workspaces as images", () => {
  test("a workspace is a file system of its size, and its owner's", async () => {
    await using it = await openWorkspaces();
    for (const workspaceBytes of [200_000, 2_000_000, 100_000_000, 2 ** 32]) {
      const sessionId = `s_${workspaceBytes}`;
      const workspace = await it.workspaces.open(sessionId, { workspaceBytes, signal });
      const { bavail, bsize } = await statfs(workspace.hostPath);
      const usable = bavail * bsize;
      const { uid, mode } = await stat(workspace.hostPath);

      expect(workspace.quota).toBe("filesystem");
      expect(workspaceBytes - usable).toBeLessThan(bsize);
      expect(usable).toBeLessThanOrEqual(workspaceBytes);
      expect({ uid, mode: mode & 0o777 }).toEqual({ uid: owner.uid, mode: 0o700 });
      expect(await readdir(workspace.hostPath)).toEqual([]);
      expect(await workspace.usage()).toMatchObject({ limitBytes: workspaceBytes, files: 0 });
      await workspace.release();
    }
  });

  test("files can take what was asked for, and not more", async () => {
    await using it = await openWorkspaces();
    const workspaceBytes = 2_000_000;
    const { hostPath } = await it.workspaces.open("s_1", { workspaceBytes, signal });
    const fill = `cd ${hostPath}; i=0; while seq 1 20000 > f$i; do i=$((i+1)); done; true`;
    execFileSync("sh", ["-c", fill], { stdio: "ignore" });
    const sizes = await Promise.all(
      (await readdir(hostPath)).map(async (name) => (await stat(join(hostPath, name))).size),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);

    expect(total).toBeGreaterThan(1_900_000);
    expect(total).toBeLessThanOrEqual(workspaceBytes);
    execFileSync("sh", ["-c", `rm ${hostPath}/*`]);
    await writeFile(join(hostPath, "large"), Buffer.alloc(1_000_000));
    execFileSync("sh", ["-c", `rm ${hostPath}/*`]);
    await writeFile(join(hostPath, "large"), Buffer.alloc(1_900_000));
  });

  test("files that hold nothing are not free", async () => {
    await using it = await openWorkspaces();
    const { hostPath } = await it.workspaces.open("s_1", { workspaceBytes: 200_000, signal });
    execFileSync("sh", ["-c", `cd ${hostPath}; touch $(seq 1 500); true`], { stdio: "ignore" });
    expect((await readdir(hostPath)).length).toBeLessThan(100);
  });

  test("it grows with its limit, stays when the limit shrinks, and keeps its files", async () => {
    await using it = await openWorkspaces();
    const sizes = [2_000_000, 50 * mebibyte, 300 * mebibyte, 10 * mebibyte];
    const seen: number[] = [];
    for (const [round, workspaceBytes] of sizes.entries()) {
      const workspace = await it.workspaces.open("s_1", { workspaceBytes, signal });
      await writeFile(join(workspace.hostPath, `f${round}`), "x".repeat(100_000));
      const { limitBytes, bytes } = await workspace.usage();
      expect(bytes).toBeGreaterThanOrEqual((round + 1) * 100_000);
      expect(limitBytes).toBeGreaterThanOrEqual(workspaceBytes);
      seen.push(limitBytes);
      await workspace.release();
    }
    const { hostPath } = await it.workspaces.open("s_1", { workspaceBytes: 1, signal });
    expect((await readdir(hostPath)).toSorted()).toEqual(["f0", "f1", "f2", "f3"]);
    expect(seen[3]).toBe(seen[2]);
    for (const [round, bytes] of sizes.slice(0, 3).entries())
      expect(Number(seen[round]) / bytes).toBeLessThan(1.15);
  });

  test("a folder of the virtual driver becomes an image, which that driver refuses then", async () => {
    await using it = await openWorkspaces();
    const tree = join(it.folder, "s_1");
    await mkdir(join(tree, "a/b"), { recursive: true });
    await writeFile(join(tree, "a/b/file"), "text");
    await chmod(join(tree, "a/b/file"), 0o750);
    await symlink("b/file", join(tree, "a/link"));
    await link(join(tree, "a/b/file"), join(tree, "hard"));
    const before = await lstat(join(tree, "a/b/file"));
    const workspace = await it.workspaces.open("s_1", { workspaceBytes: mebibyte, signal });
    const after = await lstat(join(workspace.hostPath, "a/b/file"));

    expect(after.dev).not.toBe(before.dev);
    expect(await readFile(join(workspace.hostPath, "hard"), "utf8")).toBe("text");
    expect(await readlink(join(workspace.hostPath, "a/link"))).toBe("b/file");
    expect({ ...modeAndOwner(after), nlink: after.nlink }).toEqual({
      mode: 0o750,
      uid: owner.uid,
      nlink: 2,
    });
    expect(after.mtimeMs).toBeCloseTo(before.mtimeMs, 0);
    await workspace.release();
    await using sandboxes = virtualSandboxes({ folder: it.folder });
    const spec = {
      sessionId: "s_1",
      permissions: Permissions.parse({}),
      limits: Limits.parse({}),
      sources: [],
    };
    expect(await codeOf(sandboxes.open(spec, { signal }))).toBe("SANDBOX_UNSUPPORTED");
    const watched = await it.again("watched");
    const opening = watched.open("s_1", { workspaceBytes: mebibyte, signal });
    expect(await codeOf(opening)).toBe("SANDBOX_UNSUPPORTED");
  });

  test("it can be mounted over any folder, and opened twice", async () => {
    await using it = await openWorkspaces();
    const at = join(it.folder, "elsewhere");
    await mkdir(at);
    const options = { workspaceBytes: mebibyte, signal };
    const [one, two, three] = await Promise.all([
      it.workspaces.open("s_1", { ...options, at }),
      it.workspaces.open("s_1", { ...options, at }),
      it.workspaces.open("s_1", options),
    ]);
    await writeFile(join(at, "file"), "text");

    expect([one.hostPath, two.hostPath]).toEqual([at, at]);
    expect(await readFile(join(three.hostPath, "file"), "utf8")).toBe("text");
    await one.release();
    await one.release();
    expect(await readdir(at)).toEqual(["file"]);
    await two.release();
    expect(await readdir(at)).toEqual([]);
    expect(await readdir(three.hostPath)).toEqual(["file"]);
    await three.release();
    expect(await imageMounts(join(it.folder, ".images"))).toEqual([]);
  });

  test("what a living process has open is not touched by another, and taken away when it was killed", async () => {
    await using it = await openWorkspaces();
    const host = fork(fileURLToPath(new URL("./workspaces-host.mjs", import.meta.url)), [
      it.folder,
    ]);
    const [hostPath] = (await once(host, "message")) as [string];
    await writeFile(join(it.folder, ".images", "s_9.ext4-part"), "half");

    await it.workspaces.sweep();
    expect(await readFile(join(hostPath, "file"), "utf8")).toBe("text");
    expect(existsSync(join(it.folder, ".images", "s_9.ext4-part"))).toBe(false);
    host.kill("SIGKILL");
    await once(host, "exit");
    await it.workspaces.sweep();
    expect(await readdir(hostPath)).toEqual([]);
    expect(await readdir(join(it.folder, ".images"))).toEqual(["s_1.ext4"]);
  });

  test("the next process takes over what a killed one has left mounted", async () => {
    await using it = await openWorkspaces();
    const host = fork(fileURLToPath(new URL("./workspaces-host.mjs", import.meta.url)), [
      it.folder,
    ]);
    await once(host, "message");
    host.kill("SIGKILL");
    await once(host, "exit");

    const adopted = await it.workspaces.open("s_1", { workspaceBytes: mebibyte, signal });
    expect(await imageMounts(join(it.folder, ".images"))).toHaveLength(1);
    await (await it.again()).sweep();
    expect(await readFile(join(adopted.hostPath, "file"), "utf8")).toBe("text");
    await adopted.release();
    expect(await imageMounts(join(it.folder, ".images"))).toEqual([]);
  });

  test("one that was made ahead is a new session's, and of no other size", async () => {
    await using it = await openWorkspaces();
    const places = await mkdtemp(join(tmpdir(), "opsthread-places-"));
    const premade = async (name: string, processId = it.processId): Promise<string> => {
      const at = join(places, `${processId}.${name}`);
      await mkdir(at);
      await it.workspaces.premake({ at, workspaceBytes: mebibyte });
      return at;
    };
    const [one, three] = [await premade("1"), await premade("3")];
    await (await it.again()).sweep();
    const made = await it.workspaces.open("s_1", { at: one, workspaceBytes: mebibyte, signal });
    await writeFile(join(made.hostPath, "file"), "text");
    expect(await stat(made.hostPath)).toMatchObject(owner);
    await made.release();
    expect(await readdir(one)).toEqual([]);

    const two = await premade("2", "p_gone");
    const known = await it.workspaces.open("s_1", { at: two, workspaceBytes: mebibyte, signal });
    expect(await readdir(known.hostPath)).toEqual(["file"]);
    const larger = { at: three, workspaceBytes: 2 * mebibyte, signal };
    const other = await it.workspaces.open("s_2", larger);
    expect((await other.usage()).limitBytes).toBe(2 * mebibyte);
    // Theirs are over those that were made ahead, and are not taken away in the place of those.
    await (await it.again()).sweep();
    expect(await readdir(known.hostPath)).toEqual(["file"]);
    for (const workspace of [known, other]) await workspace.release();
    for (const at of [two, three, await premade("4")]) await it.workspaces.discard(at);
    expect(await readdir(join(it.folder, ".images"))).toEqual(["s_1.ext4", "s_2.ext4"]);
    await rm(places, { recursive: true });
  });

  test("an empty one is made ahead for the next new session, and goes with its process", async () => {
    await using it = await openWorkspaces();
    const images = join(it.folder, ".images");
    const ahead = async (): Promise<readonly string[]> =>
      (await readdir(images)).filter((name) => name.startsWith(".spare-"));
    const workspaces = await it.again("filesystem", { makeAhead: true });
    const opened = await workspaces.open("s_1", { workspaceBytes: mebibyte, signal });
    await vi.waitFor(async () => expect(await ahead()).toHaveLength(1), { timeout: 10_000 });
    const spare = join(images, (await ahead())[0] ?? "");
    await vi.waitFor(async () => expect((await readSuperblock(spare)).label).toBe(`${mebibyte}`));
    const { ino } = await stat(spare);
    await (await it.again()).sweep();
    const next = await workspaces.open("s_2", { workspaceBytes: mebibyte, signal });

    expect((await stat(join(images, "s_2.ext4"))).ino).toBe(ino);
    expect(await readdir(next.hostPath)).toEqual([]);
    for (const workspace of [opened, next]) await workspace.release();
    await workspaces[Symbol.asyncDispose]();
    expect(await ahead()).toEqual([]);
  });

  test("an image that was not unmounted is repaired", async () => {
    await using it = await openWorkspaces();
    const first = await it.workspaces.open("s_1", { workspaceBytes: mebibyte, signal });
    await writeFile(join(first.hostPath, "file"), "text");
    execFileSync("sync");
    const image = join(it.folder, ".images", "s_1.ext4");
    execFileSync("cp", [image, `${image}.copy`]); // As the power failing would leave it.
    await first.release();
    execFileSync("mv", [`${image}.copy`, image]);
    expect((await readSuperblock(image)).needsCheck).toBe(true);
    const second = await it.workspaces.open("s_1", { workspaceBytes: mebibyte, signal });

    expect(await readFile(join(second.hostPath, "file"), "utf8")).toBe("text");
    await second.release();
    expect((await readSuperblock(image)).needsCheck).toBe(false);
    await it.workspaces.remove("s_1");
    expect(await readdir(it.folder)).toEqual([".images"]);
    expect(await readdir(join(it.folder, ".images"))).toEqual([]);
  });

  test("an image that is still in use after its unmount is the same file system when it comes back", async () => {
    await using it = await openWorkspaces();
    const first = await it.workspaces.open("s_1", { workspaceBytes: mebibyte, signal });
    const held = await open(join(first.hostPath, "file"), "w");
    await first.release();
    expect(await readdir(first.hostPath)).toEqual([]);
    const second = await it.workspaces.open("s_1", { workspaceBytes: 2 * mebibyte, signal });
    await held.write("text");
    await held.close();

    expect(await readFile(join(second.hostPath, "file"), "utf8")).toBe("text");
    await second.release();
    const third = await it.workspaces.open("s_1", { workspaceBytes: 2 * mebibyte, signal });
    expect(await readFile(join(third.hostPath, "file"), "utf8")).toBe("text");
    expect((await statfs(third.hostPath)).bavail * 4_096).toBeGreaterThan(1.9 * mebibyte);
  });

  test("an image takes no more of the disk than what is in it", async () => {
    await using it = await openWorkspaces();
    const { hostPath } = await it.workspaces.open("s_1", { workspaceBytes: 2 ** 32, signal });
    await writeFile(join(hostPath, "file"), "");
    await truncate(join(hostPath, "file"), 1_000_000);
    const { blocks } = await stat(join(it.folder, ".images", "s_1.ext4"));
    expect(blocks * 512).toBeLessThan(20 * mebibyte);
  });
});

describe("workspaces as folders", () => {
  test("they are watched, and the owner's", async () => {
    await using it = await openWorkspaces("watched");
    await mkdir(join(it.folder, "s_1/a"), { recursive: true });
    await writeFile(join(it.folder, "s_1/a/file"), "x".repeat(5_000));
    const workspace = await it.workspaces.open("s_1", { workspaceBytes: mebibyte, signal });

    expect(workspace).toMatchObject({ quota: "watched", hostPath: join(it.folder, "s_1") });
    expect(it.workspaces.limitations[0]).toMatch(/^The size of a workspace is watched/);
    expect(await workspace.usage()).toMatchObject({
      bytes: 16_384,
      limitBytes: mebibyte,
      files: 2,
    });
    const { uid } = await stat(join(it.folder, "s_1/a/file"));
    expect(uid).toBe(process.getuid?.() === 0 ? owner.uid : process.getuid?.());
  });
});

const modeAndOwner = ({ mode, uid }: { readonly mode: number; readonly uid: number }) => ({
  mode: mode & 0o777,
  uid,
});
