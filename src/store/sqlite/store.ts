import { type Clock, systemClock } from "../../core/clock.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import type { Store } from "../store.ts";
import { openDatabase } from "./database.ts";
import { journal } from "./journal.ts";
import { leases } from "./leases.ts";
import { outbox } from "./outbox.ts";
import { prune } from "./prune.ts";
import { openSchedules } from "./schedules.ts";
import { sessions } from "./sessions.ts";
import { spends } from "./spends.ts";

export interface SqliteStoreOptions {
  /** The data folder. It is made when absent, and belongs to one process at a time. */
  readonly folder: string;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Opens the embedded {@link Store}: one SQLite file in `folder`, each acknowledged write synced to the disk.
 *
 * Only one process can have it open. So the leases and post claims of every earlier process are void at once:
 * their sessions can be leased again, and the posts they were sending come back as `ambiguous`.
 *
 * @example
 * await using store = await sqliteStore({ folder: ".opsthread" });
 *
 * @throws {OpsthreadError} `STORE_LOCKED` when another process, or this one, has the folder open already
 * @throws {OpsthreadError} `STORE_SCHEMA_NEWER` when a newer version of Opsthread wrote it
 * @throws {OpsthreadError} `STORE_CORRUPT` when the file is no database
 * @throws {OpsthreadError} `CONFIG_INVALID` when the folder can't be made or written to
 */
export async function sqliteStore({
  folder,
  clock = systemClock,
  log = silentLogger,
}: SqliteStoreOptions): Promise<Store> {
  const db = await openDatabase(folder);
  const lease = leases(db, clock);
  const posts = outbox(db, clock);
  const accounts = spends(db, clock);
  const schedules = openSchedules(folder);
  log.info({ folder, interruptedPosts: posts.endClaims() }, "Store opened");

  return {
    ...sessions(db, { clock, isLeased: lease.isLive }),
    lease: lease.lease,
    renew: lease.renew,
    release: lease.release,
    ...journal(db, { clock, fence: lease.fence, outbox: posts, addSpends: accounts.add }),
    spent: accounts.spent,
    claimPost: posts.claimPost,
    settlePost: posts.settlePost,
    nextPostAt: posts.nextPostAt,
    posts: posts.posts,
    schedules: schedules.schedules,
    writeSchedules: schedules.writeSchedules,
    prune: prune(db, { clock, forgetSpends: accounts.forget }),
    async [Symbol.asyncDispose]() {
      await schedules[Symbol.asyncDispose]();
      db.close();
    },
  };
}
