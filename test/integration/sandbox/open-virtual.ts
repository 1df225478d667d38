import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SandboxesUnderTest } from "opsthread/testing";
import { virtualSandboxes } from "opsthread/virtual";

/** The virtual driver on a folder of its own. */
export async function openVirtual(): Promise<SandboxesUnderTest> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-virtual-"));
  const folder = join(root, "host");
  await mkdir(folder);
  const provider = virtualSandboxes({
    folder: join(root, "workspaces"),
    snapshotFolder: join(root, "snapshots"),
  });
  return {
    provider,
    folder,
    workspace: (sessionId) => join(root, "workspaces", sessionId),
    memoryHog: "seq 1 30000000 | sort | tail -1",
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
