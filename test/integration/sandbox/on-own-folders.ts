import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SandboxesUnderTest } from "opsthread/testing";

import type { SandboxProvider } from "../../../src/sandbox/sandbox.ts";

export interface OnOwnFolders extends SandboxesUnderTest {
  /** Everything that the driver keeps on the host. */
  readonly root: string;
}

/** Node and the tasks' code are copied once for all tests. */
export const runtimeFolder: string = join(tmpdir(), "opsthread-test-runtime");

/** A driver that runs real programs, on folders of its own. */
export async function onOwnFolders(
  name: string,
  open: (folders: {
    readonly folder: string;
    readonly stateFolder: string;
    readonly runtimeFolder: string;
  }) => Promise<SandboxProvider>,
): Promise<OnOwnFolders> {
  const root = await mkdtemp(join(tmpdir(), `opsthread-${name}-`));
  // Folders of sources lie in it, which a sandbox reads as another user.
  await chmod(root, 0o711);
  const folder = join(root, "host");
  await mkdir(folder);
  const provider = await open({
    folder: join(root, "workspaces"),
    stateFolder: join(root, "state"),
    runtimeFolder,
  });
  return {
    provider,
    root,
    folder,
    workspace: (sessionId) => join(root, "workspaces", sessionId),
    memoryHog: "perl -e 'my @a; push @a, \"x\" x 1_000_000 while 1'",
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
