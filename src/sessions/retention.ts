import type { Logger } from "../core/logger.ts";
import type { SandboxProvider } from "../sandbox/sandbox.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Store } from "../store/store.ts";

/** Removes sessions that have been idle since before `idleBefore`, with their workspaces and artifacts. */
export async function pruneSessions({
  store,
  sandboxes,
  blobs,
  idleBefore,
  log,
}: {
  readonly store: Store;
  readonly sandboxes: SandboxProvider;
  readonly blobs: Blobs;
  readonly idleBefore: number;
  readonly log: Logger;
}): Promise<void> {
  for (const sessionId of await store.prune({ idleBefore })) {
    await sandboxes.remove(sessionId);
    await blobs.remove(sessionId);
    log.info({ sessionId }, "Removed an idle session");
  }
}
