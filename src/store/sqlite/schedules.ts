import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { DatabaseSync } from "@photostructure/sqlite";
import { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import { ScheduleRecord } from "../../core/schedule.ts";
import type { ScheduleStore } from "../store.ts";
import { type Database, database } from "./database.ts";
import { openError } from "./open-error.ts";

/**
 * Opens the schedules of a data folder, also while a bot has the folder open: `opsthread schedule` works beside a running bot.
 *
 * @throws {OpsthreadError} `STORE_CORRUPT` when the file is no database
 * @throws {OpsthreadError} `CONFIG_INVALID` when the folder can't be made or written to
 */
export const sqliteSchedules = ({ folder }: { readonly folder: string }): SqliteSchedules =>
  openSchedules(folder);

type SqliteSchedules = Pick<ScheduleStore, keyof ScheduleStore> & AsyncDisposable;

/**
 * A file of its own, since `store.db` belongs to one process. Nothing has to change in both at once: a run is claimed here, and
 * what it says is accepted there under an id that is the run's.
 */
export function openSchedules(folder: string): SqliteSchedules {
  let opened: Database | undefined;
  // Most bots have no schedules, and tests open many stores.
  const file = (): Database => (opened ??= openFile(folder));
  return {
    async schedules({ after, limit }) {
      return file()
        .all(Row, readSql, { after, limit })
        .map(({ id, version, record }) => ({
          id,
          version,
          record:
            record === null ? undefined : parseStored(ScheduleRecord, record, `schedule "${id}"`),
        }));
    },

    async writeSchedules(writes) {
      if (writes.length === 0) return [];
      const { run, get, transaction } = file();
      return transaction(() => {
        const versions = writes.map(({ id, version, record }) => {
          const known = get(VersionRow, knownSql, { id });
          const current = known === undefined || known.gone === 1 ? 0 : known.version;
          if (current !== version) return undefined;
          run(forgetSql, { id });
          const text = record === undefined ? null : JSON.stringify(record);
          return get(VersionRow, writeSql, { id, record: text })?.version;
        });
        run(tidySql, { before: (get(NewestRow, newestSql)?.newest ?? 0) - keptVersions });
        return versions;
      });
    },

    async [Symbol.asyncDispose]() {
      opened?.close();
    },
  };
}

/** Writers of the same file wait for each other so long; each holds it for a moment. */
const busyMs = 5000;
const keptVersions = 1000;

function openFile(folder: string): Database {
  let connection: InstanceType<typeof DatabaseSync> | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    connection = new DatabaseSync(join(folder, "schedules.db"));
    connection.exec(`PRAGMA busy_timeout = ${busyMs}`);
    connection.exec("PRAGMA journal_mode = WAL");
    connection.exec("PRAGMA synchronous = FULL");
    connection.exec(schemaSql);
    return database(connection);
  } catch (error) {
    connection?.close();
    throw openError(error, folder);
  }
}

/** Removed ones stay as rows without a record, so that other processes learn of it. */
const schemaSql = `
  CREATE TABLE IF NOT EXISTS schedules (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    record TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS schedules_removed ON schedules (version) WHERE record IS NULL;
`;
const readSql = `SELECT id, version, record FROM schedules WHERE version > :after
  ORDER BY version LIMIT :limit`;
const knownSql = "SELECT version, record IS NULL AS gone FROM schedules WHERE id = :id";
const forgetSql = "DELETE FROM schedules WHERE id = :id";
const writeSql = `INSERT INTO schedules (id, record) VALUES (:id, :record)
  RETURNING version, record IS NULL AS gone`;
const newestSql = "SELECT max(version) AS newest FROM schedules";
const tidySql = "DELETE FROM schedules WHERE record IS NULL AND version <= :before";

const Row = z.object({ id: z.string(), version: z.number(), record: z.string().nullable() });
const VersionRow = z.object({ version: z.number(), gone: z.number() });
const NewestRow = z.object({ newest: z.number().nullable() });
