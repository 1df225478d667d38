import { z } from "zod";

import type { Context } from "./context.ts";

/**
 * The list of sessions that may have work to do. It is in another slot than the sessions, so no write changes both at once.
 * A session is listed before it becomes dirty, and stays listed until it is clean, whatever crashes in between:
 *
 * - whoever is about to make it dirty takes a new *mark*, which lists it, and hands the mark in with the write;
 * - what makes it clean raises the session's *fence* to the newest mark written, so that a mark that was taken before and not
 *   written yet is refused, and its owner takes a new one;
 * - only then is it taken off the list, unless somebody marked it since.
 */
export interface Dirty {
  mark(sessionId: string): Promise<number>;
  /** Takes a session off that became clean, with the newest mark written. */
  unmark(
    sessionId: string,
    became: { readonly mark: string; readonly activeAt?: string },
  ): Promise<void>;
  /** All that are listed. */
  list(): Promise<readonly { readonly sessionId: string; readonly mark: string }[]>;
  /** Takes one off that was found clean. */
  tidy(entry: { readonly sessionId: string; readonly mark: string }): Promise<void>;
}

export const fenceSeconds = 24 * 60 * 60;

export function dirtyList({ client, run, keys, time }: Context): Dirty {
  const { marks, dirty, active, applied } = keys.shared;
  const unmark: Dirty["unmark"] = async (sessionId, { mark, activeAt = "" }) => {
    await run("unmark", z.number(), {
      keys: [dirty, active, applied],
      args: [sessionId, mark, activeAt],
    });
  };
  return {
    mark: (sessionId) =>
      run("mark", z.number(), { keys: [marks, dirty, active], args: [time(), sessionId] }),
    unmark,
    async list() {
      const listed = await client.hgetall(dirty);
      return Object.entries(listed).map(([sessionId, mark]) => ({ sessionId, mark }));
    },
    async tidy({ sessionId, mark }) {
      const { info, fence } = keys.session(sessionId);
      const isClean = await run("fence-mark", z.number(), {
        keys: [info, fence],
        args: [mark, fenceSeconds],
      });
      if (isClean === 1) await unmark(sessionId, { mark });
    },
  };
}
