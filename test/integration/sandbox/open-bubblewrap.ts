import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bubblewrapSandboxes, type BubblewrapSandboxesOptions } from "opsthread/bubblewrap";
import type { SandboxesUnderTest } from "opsthread/testing";

export interface BubblewrapUnderTest extends SandboxesUnderTest {
  /** Everything that the driver keeps on the host. */
  readonly root: string;
}

/** The bubblewrap driver on folders of its own. */
export async function openBubblewrap(
  options: Partial<BubblewrapSandboxesOptions> = {},
): Promise<BubblewrapUnderTest> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-bubblewrap-"));
  // Folders of sources lie in it, which a sandbox reads as another user.
  await chmod(root, 0o711);
  const folder = join(root, "host");
  await mkdir(folder);
  const provider = await bubblewrapSandboxes({
    folder: join(root, "workspaces"),
    stateFolder: join(root, "state"),
    runtimeFolder: join(tmpdir(), "opsthread-test-runtime"),
    ...options,
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
