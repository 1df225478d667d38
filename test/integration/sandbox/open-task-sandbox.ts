import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SandboxesUnderTest } from "opsthread/testing";

import { createQuota } from "../../../src/sandbox/quota.ts";
import { createReach } from "../../../src/sandbox/reach.ts";
import type { Sandbox, SandboxSpec } from "../../../src/sandbox/sandbox.ts";
import type { TaskHost } from "../../../src/sandbox/task-host/task-host.ts";
import { workspaceFiles } from "../../../src/sandbox/workspace-files.ts";
import { runIn, type Mount, type Place } from "./task-places.ts";

const unused = (): Promise<never> => Promise.reject(new Error("This sandbox only runs tasks"));

/** Just enough of a driver to run tasks, and a command on the host's view of the workspace, in a bare place. */
export async function openTaskSandboxes(host: TaskHost, place: Place): Promise<SandboxesUnderTest> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-tasks-"));
  const workspace = join(root, "workspace");
  const folder = join(root, "host");
  await mkdir(folder);
  await mkdir(workspace);
  await chmod(workspace, 0o777);

  const open = async ({
    sessionId,

    sources,
    limits,
    permissions,
  }: SandboxSpec): Promise<Sandbox> => {
    const mounts: Mount[] = [
      ...host.mounts,
      { hostPath: workspace, path: "/workspace", writable: true },
      ...sources.map(({ name, hostPath }) => ({ hostPath, path: `/sources/${name}` })),
    ];
    const places = [
      { path: "/workspace", writable: true },
      ...sources.map(({ name, include }) => ({
        path: `/sources/${name}`,
        writable: false,
        ...(include && { include }),
      })),
    ];
    const reach = createReach([{ path: "/workspace", hostPath: workspace, writable: true }]);
    const files = workspaceFiles(reach, { quota: async () => createQuota(limits, 0) });
    const close = (): Promise<void> => Promise.resolve();
    return {
      sessionId,
      isAlive: true,
      task: (program, options) =>
        host.run(program, options, {
          run: (request) => runIn(place, mounts, request),
          places,
          permissions,
          limits,
          watchMemory: true,
        }),
      files: {
        ...files,
        async write(path, bytes, options) {
          const written = await files.write(path, bytes, options);
          execFileSync("chmod", ["-R", "a+rwX", workspace]); // The sandbox's user is not this one.
          return written;
        },
      },
      async exec(command, { executionId, signal }) {
        const chunks: Uint8Array[] = [];
        const script = `cd ${workspace} && { ${command}; } >&3`;
        const end = await runIn(onHost, [], {
          executionId,
          signal,
          argv: ["/bin/sh", "-c", script],
          env: {},
          cwd: "/",
          stdin: "",
          timeoutMs: 10_000,
          onControl: (bytes) => chunks.push(bytes),
        });
        const bytes = Buffer.concat(chunks);
        const stdout = { text: bytes.toString(), bytes: bytes.length };
        return { outcome: end.outcome, stdout, stderr: end.stderr, measures: {} };
      },
      attach: unused,
      executions: unused,
      usage: unused,
      detach: close,
      close,
      [Symbol.asyncDispose]: close,
    };
  };

  return {
    folder,
    memoryHog: "",
    provider: {
      name: place.name,
      capabilities: {
        isolation: "container",
        realPrograms: true,
        network: false,
        reattach: false,
        measuresUse: false,
        limitations: [],
      },
      open,
      remove: unused,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

const onHost: Place = {
  name: "host",
  isThere: true,
  command: (_, { argv }) => ({ command: argv, controlFd: 3, end: () => {} }),
};
