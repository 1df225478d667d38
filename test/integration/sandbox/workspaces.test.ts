import { readdir, stat, statfs } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import { openWorkspaces, owner, whyNoImages } from "./open-workspaces.ts";

const { signal } = new AbortController();

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
});
