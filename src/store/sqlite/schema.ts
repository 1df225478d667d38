import type { DatabaseSync } from "@photostructure/sqlite";

import { OpsthreadError } from "../../core/errors.ts";

/**
 * Brings the database from `version` to the current schema, one version after the other.
 * @throws {OpsthreadError} `STORE_SCHEMA_NEWER` when it is ahead of this program
 */
export function migrate(
  connection: InstanceType<typeof DatabaseSync>,
  { version, folder }: { readonly version: number; readonly folder: string },
): void {
  const current = migrations.length;
  if (version > current) {
    throw new OpsthreadError(
      "STORE_SCHEMA_NEWER",
      `Cannot open the data folder "${folder}": its schema is version ${version}, expected at most ${current}; run the version of Opsthread that wrote it, or a newer one`,
      { data: { folder, version, current } },
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    connection.exec(`BEGIN EXCLUSIVE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/**
 * Migration n takes a database of version n to n + 1. One that was released never changes.
 *
 * Leases are not here: see leases.ts. Times are milliseconds since the epoch.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    thread TEXT NOT NULL,
    created_at REAL NOT NULL,
    active_at REAL NOT NULL,
    dirty_since REAL,                          -- NULL: clean
    epoch INTEGER NOT NULL DEFAULT 0,          -- of the latest lease
    inbox_seq INTEGER NOT NULL DEFAULT 0,      -- of the latest message, read or not
    journal_seq INTEGER NOT NULL DEFAULT 0     -- of the latest entry
  ) STRICT;
  CREATE INDEX sessions_dirty ON sessions (dirty_since) WHERE dirty_since IS NOT NULL;

  -- Which messages were accepted. Outlives the session: see prune.ts.
  CREATE TABLE accepted (
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    message_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    PRIMARY KEY (platform, workspace, message_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX accepted_at ON accepted (accepted_at);

  -- Rows of any size: an ordinary table takes them faster than one WITHOUT ROWID.
  CREATE TABLE inbox (
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT;
  CREATE TABLE journal (
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT;

  CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    post TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'rejected')),
    attempts INTEGER NOT NULL DEFAULT 0,
    claim TEXT,                                -- the token of a claim that is not settled
    due_at REAL,                               -- see outbox.ts
    ambiguous INTEGER NOT NULL DEFAULT 0,
    message_id TEXT,
    error TEXT
  ) STRICT;
  CREATE INDEX posts_session ON posts (session_id, state);
  CREATE INDEX posts_due ON posts (due_at) WHERE due_at IS NOT NULL;
  `,
  `
  -- What was used, by account and day: see spends.ts.
  CREATE TABLE spends (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    steps REAL NOT NULL,
    tokens REAL NOT NULL,
    usd REAL NOT NULL,
    ms REAL NOT NULL,
    PRIMARY KEY (account, day)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Approvals for all sessions. They outlive the session that they were given in.
  CREATE TABLE remembered (
    id INTEGER PRIMARY KEY,
    approval_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    call TEXT NOT NULL,
    UNIQUE (approval_id, session_id)
  ) STRICT;
  `,
];
