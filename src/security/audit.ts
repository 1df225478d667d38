import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import type { Audit } from "../core/audit.ts";
import { messageOf } from "../core/errors.ts";
import { type Logger, silentLogger } from "../core/logger.ts";

export interface AuditFileOptions {
  /** Made when it is not there, for this user only. */
  readonly folder: string;
  /** Takes secrets out of a record. */
  readonly redact: (value: unknown) => unknown;
  /** A file of this size is put aside. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Files that are kept, the current one included. Default 20. */
  readonly maxFiles?: number;
  readonly log?: Logger;
}

/**
 * Appends records to `audit.jsonl` as lines of JSON; older files are `audit.1.jsonl`, `audit.2.jsonl`, … It writes at once,
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
  const fileOf = (age: number): string =>
    join(root, age === 0 ? "audit.jsonl" : `audit.${age}.jsonl`);

  const rotate = (): void => {
    rmSync(fileOf(maxFiles - 1), { force: true });
    for (let age = maxFiles - 2; age >= 0; age -= 1)
      if (sizeOf(fileOf(age)) !== undefined) renameSync(fileOf(age), fileOf(age + 1));
  };

  return (record) => {
    try {
      const line = `${JSON.stringify(redact(record))}\n`;
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const size = sizeOf(fileOf(0)) ?? 0;
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) rotate();
      // Opened for each record: they are few, and a file that was moved away is no reason to lose one.
      appendFileSync(fileOf(0), line, { mode: 0o600 });
    } catch (error) {
      const { event, sessionId } = record;
      log.error({ event, sessionId, error: messageOf(error) }, "An audit record was not written");
    }
  };
}

const sizeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.size;
