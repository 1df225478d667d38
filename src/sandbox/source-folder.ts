import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import { messageOf, OpsthreadError } from "../core/errors.ts";
import type { SourceMount } from "./sandbox.ts";

/** @throws {TypeError} for a name that is none, or is there twice */
export function assertSourceName(name: string, { isTaken }: { readonly isTaken: boolean }): void {
  if (/^[\w-][\w.-]{0,127}$/.test(name) && !isTaken) return;
  throw new TypeError(
    `Cannot mount source ${JSON.stringify(name)}: expected plain names, each once`,
  );
}

/** The host folder of a source. @throws {OpsthreadError} `SOURCE_UNREADABLE` */
export async function sourceFolder({ name, hostPath }: SourceMount): Promise<string> {
  const isFolder = await stat(hostPath).then(
    (stats) => stats.isDirectory(),
    (cause: unknown) => {
      throw sourceUnreadable(name, messageOf(cause), cause);
    },
  );
  if (!isFolder) throw sourceUnreadable(name, `"${hostPath}" is a file, expected a folder`);
  return resolve(hostPath);
}

export const sourceUnreadable = (name: string, why: string, cause?: unknown): OpsthreadError =>
  new OpsthreadError("SOURCE_UNREADABLE", `Cannot mount source "${name}": ${why}`, { cause });
