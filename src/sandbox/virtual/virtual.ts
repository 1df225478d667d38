import { mkdir, rm } from "node:fs/promises";

import { systemClock, type Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { silentLogger, type Logger } from "../../core/logger.ts";
import { assertKept } from "../assert-kept.ts";
import { createCheckpoints } from "../checkpoints.ts";
import { createLocks } from "../lock.ts";
import { workspacePath, type Place } from "../places.ts";
import type { Sandbox, SandboxProvider, SandboxSpec, SourceMount } from "../sandbox.ts";
import { createSnapshots } from "../snapshots.ts";
import { assertSourceName, sourceFolder } from "../source-folder.ts";
import { assertTree, settleTree, workspacePaths } from "../workspace-layout.ts";
import { workspaceTrees } from "../workspace-trees.ts";
import { openSandbox } from "./sandbox.ts";

export interface VirtualSandboxesOptions {
  /** Host folder that holds a workspace for each session. */
  readonly folder: string;
  /** Host folder that holds snapshots of the workspaces. Default: none are kept. */
  readonly snapshotFolder?: string;
  readonly log?: Logger;
  readonly clock?: Clock;
}

/**
 * Sandboxes that need nothing but Node: a bash interpreter and tasks, each in a process of its own. They run
 * everywhere, have no network and no real programs, and are not a kernel boundary.
 *
 * @example
 * await using sandboxes = virtualSandboxes({ folder: "/var/lib/opsthread/workspaces" });
 */
export function virtualSandboxes({
  folder,
  snapshotFolder,
  log = silentLogger,
  clock = systemClock,
}: VirtualSandboxesOptions): SandboxProvider {
  const open = new Set<Sandbox>();
  const locked = createLocks();
  const isOpen = (sessionId: string): boolean =>
    [...open].some((sandbox) => sandbox.sessionId === sessionId);
  const trees = workspaceTrees({ folder, locked, isOpen });
  const snapshots =
    snapshotFolder === undefined
      ? undefined
      : createSnapshots({ folder: snapshotFolder, trees, clock });
  return {
    name: "virtual",
    capabilities: {
      isolation: "interpreter",
      realPrograms: false,
      network: false,
      reattach: false,
      measuresUse: true,
      limitations,
    },
    ...(snapshots && { snapshots }),
    checkpoints: createCheckpoints({ trees }),
    async open(spec, { signal }) {
      signal.throwIfAborted();
      assertKept(spec);
      assertNoNetwork(spec);
      const workspace = workspacePaths(folder, spec.sessionId);
      const places: Place[] = [{ path: workspacePath, hostPath: workspace.tree, writable: true }];
      for (const source of spec.sources) places.push(await placeOf(source, places));
      const sandbox = await locked(spec.sessionId, async () => {
        await assertTree(workspace);
        await settleTree(workspace);
        await mkdir(workspace.tree, { recursive: true, mode: 0o700 });
        const opened = openSandbox(spec, { places, onClose: () => open.delete(opened) });
        open.add(opened);
        return opened;
      });
      log.debug({ sessionId: spec.sessionId, sources: spec.sources.length }, "Sandbox opened");
      return sandbox;
    },
    async remove(sessionId) {
      const paths = workspacePaths(folder, sessionId);
      for (const sandbox of open) if (sandbox.sessionId === sessionId) await sandbox.close();
      await locked(sessionId, async () => {
        await assertTree(paths);
        for (const path of [paths.tree, paths.treePart, paths.treeOld])
          await rm(path, { recursive: true, force: true });
      });
      await snapshots?.remove(sessionId);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((sandbox) => sandbox.close()));
    },
  };
}

const limitations = [
  "Commands are run by a bash interpreter with its own grep, sed, awk, jq, sort and the like; no real program can be run, so there is no git, node, python, package manager or compiler.",
  "It is a process of the same user on the same host, without a kernel boundary around it.",
  "There is no network.",
  "The interpreter is 5 to 500 times slower than real tools and holds files in memory whole: up to some 50 MB work well, and none over 512 MB or the memory limit. Tasks read files of any size.",
  "Links can't be made, and file modes other than the owner's x are not kept.",
  "Nothing runs on after a command has ended; a background job is waited for.",
  "Commands and tasks run one at a time; the next one waits.",
  "What a command printed is known only when it ends by itself: nothing is left of the output of one that was stopped or ran into the time or memory limit.",
  "A redirection into a place that can't be written ends the whole command and loses its output.",
  "A pipe carries no more than the limit of the output.",
  "Output and pipes are text: bytes that are not UTF-8 may be changed on the way.",
  "/tmp is in memory and may be empty at the next command.",
  "The memory limit is checked every 20 ms and counts what is used above the idle interpreter.",
];

/** @throws {OpsthreadError} `SANDBOX_UNSUPPORTED` */
function assertNoNetwork({ permissions: { net } }: SandboxSpec): void {
  if (net.length === 0) return;
  throw new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    `Cannot grant network access to ${net.join(", ")} in a virtual sandbox: expected none`,
  );
}

async function placeOf(source: SourceMount, others: readonly Place[]): Promise<Place> {
  const { name, include } = source;
  const path = `/sources/${name}`;
  assertSourceName(name, { isTaken: others.some((other) => other.path === path) });
  const hostPath = await sourceFolder(source);
  return { path, hostPath, writable: false, ...(include && { include }) };
}
