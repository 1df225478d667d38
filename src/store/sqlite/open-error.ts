import { messageOf, OpsthreadError } from "../../core/errors.ts";
import { readHolder } from "./holder.ts";

/** What failed when a data folder was opened, and what to do about it. */
export function openError(error: unknown, folder: string): OpsthreadError {
  if (error instanceof OpsthreadError) return error;
  const code = sqliteCode(error);
  const cannot = `Cannot open the data folder "${folder}":`;
  const options = { cause: error, data: { folder } };
  if (code === busy) {
    const holder = readHolder(folder) ?? "another process";
    return new OpsthreadError(
      "STORE_LOCKED",
      `${cannot} ${holder} has it open, expected nobody else; stop that process or choose another folder`,
      options,
    );
  }
  if (code === corrupt || code === notADatabase) {
    return new OpsthreadError(
      "STORE_CORRUPT",
      `${cannot} ${messageOf(error)}, expected store.db to be a SQLite database; restore it from a backup`,
      options,
    );
  }
  return new OpsthreadError(
    "CONFIG_INVALID",
    `${cannot} ${messageOf(error)}, expected a folder that this process can write to`,
    options,
  );
}

/** SQLite's primary result code. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

// https://sqlite.org/rescode.html
const busy = 5;
const corrupt = 11;
const notADatabase = 26;
