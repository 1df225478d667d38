import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import type { Audit } from "../core/audit.ts";
import { messageOf } from "../core/errors.ts";
import { type Logger, silentLogger } from "../core/logger.ts";

export interface AuditFileOptions {
  /** Made when it is not there, for this user only. Several processes may write there. */
  readonly folder: string;
  /** Takes secrets out of a record. */
  readonly redact: (value: unknown) => unknown;
  /** A file of this size is put aside. Default 16 MiB. */
  readonly maxBytes?: number;
  /** So many full files are kept, the current one included; the oldest go first. Default 20. */
  readonly maxFiles?: number;
  readonly log?: Logger;
}

/**
 * Appends records to `audit.jsonl` as lines of JSON; older files are `audit.<time>.jsonl`, by name in the order of time. It writes at once,
 * so that the order is that of what happened, but does not sync: what the last moments before a power cut did is in the
 * journal only. A record that can't be written is an error in the log, and stops no work.
 *
 * @example
 * const audit = auditFile({ folder: "/var/log/opsthread", redact: (value) => redactor.value(value) });
 */
export function auditFile({
  folder,
  redact,
  maxBytes = 16 * 1024 ** 2,
  maxFiles = 20,
  log = silentLogger,
}: AuditFileOptions): Audit {
  const root = resolve(folder);
  const current = join(root, "audit.jsonl");

  /**
   * One rename to a name that nobody else has: where two processes do it at once, the second one puts a short file aside, and no
   * record is lost. Files that are counted up, as others do it, are written over then.
   */
  const putAside = (at: number): void => {
    const time = new Date(at).toISOString().replaceAll(":", "-");
    const aside = `audit.${time}.${randomBytes(4).toString("hex")}.jsonl`;
    try {
      renameSync(current, join(root, aside));
    } catch (error) {
      // Another process has put it aside, and there may be a new one already.
      if (!isGone(error)) throw error;
    }
    prune();
  };

  /** By their size, so that short ones count as what they are. */
  const prune = (): void => {
    const newestFirst = readdirSync(root)
      .filter((name) => /^audit\..+\.jsonl$/.test(name))
      .toSorted()
      .toReversed();
    let bytes = 0;
    for (const name of newestFirst) {
      bytes += sizeOf(join(root, name)) ?? 0;
      if (bytes > (maxFiles - 1) * maxBytes) rmSync(join(root, name), { force: true });
    }
  };

  return (record) => {
    try {
      const line = `${JSON.stringify(redact(record))}\n`;
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const size = sizeOf(current) ?? 0;
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) putAside(record.at);
      // Opened for each record: they are few, and a file that was moved away is no reason to lose one.
      appendFileSync(current, line, { mode: 0o600 });
    } catch (error) {
      const { event, sessionId } = record;
      log.error({ event, sessionId, error: messageOf(error) }, "An audit record was not written");
    }
  };
}

const sizeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.size;

const isGone = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
