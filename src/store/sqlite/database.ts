import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { DatabaseSync, type StatementSyncInstance } from "@photostructure/sqlite";
import { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import { forgetHolder, noteHolder } from "./holder.ts";
import { openError } from "./open-error.ts";
import { migrate } from "./schema.ts";

/**
 * The one connection to the file. Everything on it is synchronous, so nothing comes between two statements.
 * A statement is prepared once: its text is a constant, values go in as `:name`.
 */
export interface Database {
  /** Runs a statement that returns no rows; returns how many it changed. */
  readonly run: (sql: string, values: Values) => number;
  /** The first row. One that writes must be in a transaction, see there. */
  readonly get: <T>(schema: z.ZodType<T>, sql: string, values?: Values) => T | undefined;
  readonly all: <T>(schema: z.ZodType<T>, sql: string, values?: Values) => T[];
  /** Runs `work` as one atomic, durable step. */
  readonly transaction: <T>(work: () => T) => T;
  /** Closes the file and gives the folder free. Harmless when it is closed. */
  readonly close: () => void;
}

type Values = Readonly<Record<string, string | number | null>>;
type Connection = InstanceType<typeof DatabaseSync>;

/** Opens the database of a data folder, in the current schema. */
export async function openDatabase(folder: string): Promise<Database> {
  const connection = await openLocked(folder);
  const db = database(connection, { beforeClose: () => leave(connection, folder) });
  try {
    const version = db.get(VersionRow, "PRAGMA user_version")?.user_version ?? 0;
    migrate(connection, { version, folder });
    noteHolder(folder);
    return db;
  } catch (error) {
    db.close();
    throw openError(error, folder);
  }
}

const VersionRow = z.object({ user_version: z.number() });

/**
 * Opens the file for this process alone, by SQLite's own lock on it: the system drops that lock when the process
 * ends, however it ends. Exclusive mode also needs no shared memory file, so it works on mounts where WAL otherwise
 * does not.
 *
 * Nothing else in this process may open the file: closing any descriptor of it drops POSIX locks
 * (https://sqlite.org/howtocorrupt.html, 2.2).
 */
async function openLocked(folder: string): Promise<Connection> {
  let connection: Connection | undefined;
  try {
    // The conversations in it are nobody else's business.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    connection = new DatabaseSync(join(folder, "store.db"));
    connection.exec("PRAGMA locking_mode = EXCLUSIVE");
    connection.exec("PRAGMA journal_mode = WAL");
    connection.exec("PRAGMA synchronous = FULL");
    return connection;
  } catch (error) {
    connection?.close();
    throw openError(error, folder);
  }
}

/** Statements on an open file. */
export function database(
  connection: Connection,
  { beforeClose }: { readonly beforeClose?: () => void } = {},
): Database {
  const statements = new Map<string, StatementSyncInstance>();
  const prepare = (sql: string): StatementSyncInstance => {
    const statement = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };

  return {
    run: (sql, values) => prepare(sql).run(values).changes,
    get(schema, sql, values = {}) {
      const row: unknown = prepare(sql).get(values);
      return row === undefined ? undefined : parseStored(schema, row, "a row of the store");
    },
    all: (schema, sql, values = {}) =>
      prepare(sql)
        .all(values)
        .map((row: unknown) => parseStored(schema, row, "a row of the store")),

    transaction(work) {
      // Autocommit is not enough where a write returns rows: `get` stops at the first one, and the reset that
      // follows would commit without reporting a failure.
      connection.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        connection.exec("COMMIT");
        return result;
      } catch (error) {
        // Some errors, like a full disk, end the transaction by themselves.
        if (connection.isTransaction) connection.exec("ROLLBACK");
        throw error;
      }
    },

    close() {
      if (!connection.isOpen) return;
      beforeClose?.();
      connection.close();
    },
  };
}

function leave(connection: Connection, folder: string): void {
  forgetHolder(folder);
  leaveExclusiveMode(connection);
}

/**
 * Gives the lock back. Closing alone would not: this API can't finalize statements, and SQLite keeps the file open
 * until the last of them is garbage-collected.
 */
function leaveExclusiveMode(connection: Connection): void {
  try {
    connection.exec("PRAGMA journal_mode = DELETE");
    connection.exec("PRAGMA locking_mode = NORMAL");
    // The mode changes with the next look at the file.
    connection.exec("PRAGMA user_version");
  } catch {
    // The disk is full or the file is damaged. What is not in it yet stays in the WAL, which the next open reads.
  }
}
