import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { silentLogger } from "../../../src/core/logger.ts";
import { imageMounts, unmount } from "../../../src/sandbox/image-mounts.ts";
import { type Owner, signIn } from "../../../src/sandbox/process-owner.ts";
import { createWorkspaces, type Workspaces } from "../../../src/sandbox/workspaces.ts";

export const owner = { uid: 65_534, gid: 65_534 };

export interface WorkspacesUnderTest extends AsyncDisposable {
  readonly folder: string;
  readonly workspaces: Workspaces;
  /** The id of the process that these workspaces are of. */
  readonly processId: string;
  /** As another process would have it, while this one lives. */
  again(
    prefer?: Workspaces["quota"],
    options?: { readonly makeAhead: boolean },
  ): Promise<Workspaces>;
}

/** Workspaces in a folder of their own, which are all unmounted at the end. */
export async function openWorkspaces(
  prefer: Workspaces["quota"] = "filesystem",
  parent = tmpdir(),
): Promise<WorkspacesUnderTest> {
  const folder = await realpath(await mkdtemp(join(parent, "opsthread-workspaces-")));
  const processes: Owner[] = [];
  const again: WorkspacesUnderTest["again"] = async (
    wanted = prefer,
    { makeAhead } = { makeAhead: false },
  ) => {
    const process = await signIn(`${folder}-owners`);
    processes.push(process);
    return createWorkspaces({
      folder,
      process,
      log: silentLogger,
      prefer: wanted,
      makeAhead,
      ...owner,
    });
  };
  const workspaces = await again();
  return {
    folder,
    workspaces,
    processId: processes[0]?.id ?? "",
    again,
    async [Symbol.asyncDispose]() {
      // What a failed test has left running may still use one: what is removed must not be mounted.
      for (const { target } of await imageMounts(join(folder, ".images")))
        await unmount(target, { log: silentLogger });
      for (const process of processes) await process[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
      await rm(`${folder}-owners`, { recursive: true });
    },
  };
}

/** Why tests of images can't run here. Said once, so that nobody takes them for passed. */
export async function whyNoImages(): Promise<string | undefined> {
  await using probe = await openWorkspaces();
  const [reason] = probe.workspaces.limitations;
  if (reason !== undefined) process.stderr.write(`Tests of images are skipped: ${reason}\n`);
  return reason;
}
