import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { parseStored } from "../../core/journal.ts";
import { ThreadRefSchema } from "../../core/message.ts";
import type { Lease, Store } from "../store.ts";
import type { Database } from "./database.ts";

export interface Leases extends Pick<Store, "lease" | "renew" | "release"> {
  /** Whether somebody holds a lease of the session that has not expired. */
  readonly isLive: (sessionId: string) => boolean;
  /** @throws {OpsthreadError} `STORE_FENCED` unless the lease is the current one of its session */
  readonly fence: (lease: Lease) => void;
}

/**
 * Who may advance which session. One process has the store, so a lease need not outlive it: holders and expiry are
 * kept in memory, and renewing costs no write. On the disk is what must survive: the epoch, and that the session
 * is dirty.
 */
export function leases({ run, get, transaction }: Database, clock: Clock): Leases {
  const grants = new Map<string, Grant>();
  const isCurrent = ({ sessionId, epoch }: Lease): boolean =>
    grants.get(sessionId)?.epoch === epoch;
  const isLive = (sessionId: string): boolean => {
    const grant = grants.get(sessionId);
    return grant !== undefined && clock.now() < grant.until;
  };

  return {
    async lease(sessionId, { holder, ttlMs }) {
      if (isLive(sessionId) && grants.get(sessionId)?.holder !== holder) return undefined;
      const now = clock.now();
      const granted = transaction(() => get(LeaseRow, leaseSql, { sessionId, now }));
      if (granted === undefined) return undefined;
      const { epoch, createdAt } = granted;
      const thread = parseStored(ThreadRefSchema, granted.thread, `the thread of "${sessionId}"`);
      grants.set(sessionId, { epoch, holder, until: now + ttlMs });
      return { sessionId, holder, epoch, thread, createdAt };
    },

    async renew(lease, { ttlMs }) {
      if (!isCurrent(lease)) return false;
      const { sessionId, epoch, holder } = lease;
      grants.set(sessionId, { epoch, holder, until: clock.now() + ttlMs });
      return true;
    },

    async release(lease, { done }) {
      if (!isCurrent(lease)) return "lost";
      const { sessionId } = lease;
      if (done && run(cleanSql, { sessionId }) === 0) return "inbox-not-empty";
      grants.delete(sessionId);
      return "released";
    },

    isLive,
    fence(lease) {
      if (isCurrent(lease)) return;
      const { sessionId, epoch } = lease;
      throw new OpsthreadError(
        "STORE_FENCED",
        `Cannot write to session "${sessionId}": the lease of epoch ${epoch} is over, expected the current one`,
        { data: { sessionId, epoch } },
      );
    },
  };
}

interface Grant {
  readonly epoch: number;
  readonly holder: string;
  readonly until: number;
}

const LeaseRow = z.object({
  epoch: z.number().int(),
  thread: z.string(),
  createdAt: z.number(),
});

const leaseSql = `UPDATE sessions SET epoch = epoch + 1, dirty_since = coalesce(dirty_since, :now)
  WHERE id = :sessionId RETURNING epoch, thread, created_at AS createdAt`;
const cleanSql = `UPDATE sessions SET dirty_since = NULL WHERE id = :sessionId
  AND NOT EXISTS (SELECT 1 FROM inbox WHERE session_id = :sessionId)`;
