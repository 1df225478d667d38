import { randomUUID } from "node:crypto";

import { isOpsthreadError, messageOf } from "../core/errors.ts";
import { stableKey } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { Blobs } from "../store/blobs.ts";
import type { RestingSandboxes } from "./resting-sandboxes.ts";
import type { Session } from "./session.ts";
import type { Workspace } from "./workspace.ts";

/** Copies of workspaces among the blobs, so that sessions go on where their machine's disk is not. */
export interface Checkpoints {
  /**
   * Makes the workspace here what it was where the session's last turn ran, unless that was here. What is lost and what is not is
   * told to the model.
   */
  bring(session: Session, workspace: Workspace, options: SignalOption): Promise<void>;
  /** Keeps files of the running turn, which would be lost with the machine before `keep` has the whole workspace. */
  carry(session: Session, workspace: Workspace, paths: readonly string[]): Promise<void>;
  /** Keeps the workspace as it is now. A failure is logged: what is kept then is what was before. */
  keep(session: Session, options: SignalOption): Promise<void>;
}

interface SignalOption {
  readonly signal: AbortSignal;
}

export interface CheckpointsOptions {
  readonly blobs: Blobs;
  readonly sandboxes: RestingSandboxes;
  /** Names the disk that workspaces are on here: processes that share it share workspaces. */
  readonly place: string;
  readonly log: Logger;
}

interface Known {
  readonly copy: { readonly blob: string; readonly bytes: number };
  readonly fingerprint: string;
}

/** Undefined where the sandbox driver can neither give nor take workspaces. */
export function createCheckpoints(options: CheckpointsOptions): Checkpoints | undefined {
  const { blobs, sandboxes, place, log } = options;
  const { checkpoints } = sandboxes;
  if (!checkpoints) return undefined;
  /** What workspaces here were like when they were kept, the latest last: what did not change is not kept again. */
  const kept = new Map<string, Known>();

  /** From the newest copy that can be read. Tells which one, counted from the newest. */
  const restore = async (session: Session, { signal }: SignalOption): Promise<number> => {
    // With all that is left of the session here: what runs in it, too, works on files of an earlier time.
    await sandboxes.remove(session.id);
    for (const [index, { blob }] of session.files.copies.entries()) {
      try {
        const archive = await blobs.open(blob);
        if (!archive) continue;
        await checkpoints.load(session.id, archive, { signal });
        return index;
      } catch (error) {
        signal.throwIfAborted();
        if (isOpsthreadError(error, "BLOBS_UNAVAILABLE")) throw error;
        log.error({ sessionId: session.id, blob, error: messageOf(error) }, "A copy is damaged");
      }
    }
    return session.files.copies.length;
  };

  /** Gives back what was kept file by file. Tells which of them are here. */
  const giveBack = async (
    session: Session,
    workspace: Workspace,
    { signal }: SignalOption,
  ): Promise<readonly string[]> => {
    const given: string[] = [];
    for (const path of session.files.carried) {
      const bytes = await blobs.open(carriedBlob(session.id, path));
      if (!bytes) continue;
      const { files } = await workspace.sandbox();
      await files.write(path, bytes, { signal });
      given.push(path);
    }
    return given;
  };

  return {
    async bring(session, workspace, { signal }) {
      const { place: before, copies } = session.files;
      if (before === place) return;
      if (before === undefined) return session.record([{ type: "workspace-placed", place }]);
      const index = await restore(session, { signal });
      const given = await giveBack(session, workspace, { signal });
      const copy = copies[index];
      log.info({ sessionId: session.id, from: before, blob: copy?.blob }, "A workspace came here");
      await session.record([
        { type: "workspace-placed", place, ...(copy && { copy: copy.blob }) },
        { type: "note", text: noteOf(session, { index, given }) },
      ]);
    },

    async carry(session, workspace, paths) {
      for (const path of paths) {
        try {
          const { files } = await workspace.sandbox();
          const signal = AbortSignal.timeout(carryMs);
          const file = await files.export(path, { signal });
          if (file) await blobs.put(carriedBlob(session.id, path), file.bytes, { signal });
        } catch (error) {
          log.warn(
            { sessionId: session.id, error: messageOf(error) },
            "A file of the running turn was not kept apart",
          );
        }
      }
    },

    async keep(session, { signal }) {
      const { id } = session;
      const { copies, carried } = session.files;
      const known = kept.get(id);
      const since = known && known.copy.blob === copies[0]?.blob ? known.fingerprint : undefined;
      const folder = `${id}/workspace/${randomUUID()}`;
      const blob = `${folder}/archive`;
      let bytes = 0;
      try {
        const put = async (archive: AsyncIterable<Uint8Array>): Promise<void> => {
          ({ bytes } = await blobs.put(blob, archive, { signal }));
        };
        const saved = await checkpoints.save(id, put, { since, signal });
        if (!saved) {
          // Unchanged, or not there: with a fingerprint of it, the one, without, the other.
          const same = since === undefined ? { bytes: 0 } : known?.copy;
          if (same && session.files.touched)
            await session.record([{ type: "workspace-kept", ...same }]);
          return;
        }
        const copy = { blob, bytes };
        await session.record([{ type: "workspace-kept", ...copy }]);
        kept.delete(id);
        kept.set(id, { copy, fingerprint: saved.fingerprint });
        for (const [oldest] of kept) if (kept.size > mostKnown) kept.delete(oldest);
        log.debug({ sessionId: id, bytes }, "Kept a copy of a workspace");
        // The one before stays, for when this one should be damaged.
        for (const old of copies.slice(1)) await blobs.remove(folderOf(old.blob));
        if (carried.length > 0) await blobs.remove(`${id}/carried`);
      } catch (error) {
        if (isOpsthreadError(error, "STORE_FENCED")) throw error;
        if (signal.aborted && !isTimeout(signal.reason)) return;
        log.warn({ sessionId: id, error: messageOf(error) }, "A workspace was not copied");
      }
    },
  };
}

const isTimeout = (reason: unknown): boolean =>
  reason instanceof DOMException && reason.name === "TimeoutError";

function noteOf(
  { files: { copies, touched, carried } }: Session,
  { index, given }: { readonly index: number; readonly given: readonly string[] },
): string {
  const moved =
    "The session goes on on another machine. What ran in the background on the former one is gone.";
  const copy = copies[index];
  if (index === 0 && copy && !touched) return `${moved} The files in /workspace are the same.`;
  if (!touched && copies.length === 0) return moved;
  const none = copies.length === 0 ? "there is no copy of it yet" : "no copy of it can be read";
  const state = copy
    ? `The files in /workspace are as they were at ${new Date(copy.at).toISOString()}; what was written there after that is lost`
    : `/workspace is empty, since ${none}; what was written there is lost`;
  const missing = carried.filter((path) => !given.includes(path));
  const back = given.length > 0 ? `, but for ${given.join(", ")}` : "";
  const gone = missing.length > 0 ? ` Gone with it: ${missing.join(", ")}.` : "";
  return `${moved} ${state}${back}.${gone} Look before you rely on a file.`;
}

const carriedBlob = (sessionId: string, path: string): string =>
  `${sessionId}/carried/${stableKey(path)}`;
const folderOf = (blob: string): string => blob.slice(0, blob.lastIndexOf("/"));
const mostKnown = 1000;
const carryMs = 60_000;
