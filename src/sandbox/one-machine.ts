import { OpsthreadError } from "../core/errors.ts";
import type { Owner } from "./process-owner.ts";

/**
 * A file system in an image that two machines mount is destroyed: neither knows what the other one writes.
 * @throws {OpsthreadError} `CONFIG_INVALID` where a living process of another machine uses the folder, too
 */
export async function requireOneMachine({
  folder,
  process,
}: {
  /** Of workspaces. */
  readonly folder: string;
  readonly process: Pick<Owner, "isAlsoElsewhere">;
}): Promise<void> {
  if (!(await process.isAlsoElsewhere())) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use workspaces in ${folder}: a process of another machine uses them now or did within the last half minute, and ` +
      "they are images of file systems, which only one machine may mount, expected a data folder for each machine with " +
      'option "blobs" apart, or quota "watched" in sandbox.docker and sandbox.bubblewrap on all of them; see docs/redis.md',
  );
}
