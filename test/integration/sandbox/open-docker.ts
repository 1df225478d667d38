import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dockerSandboxes, type DockerSandboxesOptions } from "opsthread/docker";
import type { SandboxesUnderTest } from "opsthread/testing";

export interface DockerUnderTest extends SandboxesUnderTest {
  /** Everything that the driver keeps on the host. */
  readonly root: string;
}

/** The Docker driver on folders of its own. */
export async function openDocker(
  options: Partial<DockerSandboxesOptions> = {},
): Promise<DockerUnderTest> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-docker-"));
  // Folders of sources lie in it, which a sandbox reads as another user.
  await chmod(root, 0o711);
  const folder = join(root, "host");
  await mkdir(folder);
  const provider = await dockerSandboxes({
    folder: join(root, "workspaces"),
    stateFolder: join(root, "state"),
    ...options,
    config: { pool: { size: 0 }, ...options.config },
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
