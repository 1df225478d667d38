import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dockerSandboxes, type DockerSandboxesOptions } from "opsthread/docker";
import type { SandboxesUnderTest } from "opsthread/testing";
import { inject } from "vitest";

export interface DockerUnderTest extends SandboxesUnderTest {
  /** Everything that the driver keeps on the host. */
  readonly root: string;
}

/** Node and the tasks' code are copied once for all tests. */
export const runtimeFolder: string = join(tmpdir(), "opsthread-test-runtime");

const engine = inject("engine");

/** Why a runtime can't be tried here; undefined when it can. */
export function withoutRuntime(runtime: string): string | undefined {
  if (!engine.available) return engine.reason;
  if (engine.runtimes.includes(runtime)) return undefined;
  return engine.without[runtime] ?? `the engine has no runtime "${runtime}"`;
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
    runtimeFolder,
    ...options,
    config: {
      pool: { size: 0 },
      ...(engine.available && { host: engine.socket, image: engine.image }),
      ...options.config,
    },
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
