import { randomUUID } from "node:crypto";

import { OpsthreadError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { openObject } from "./read.ts";
import { removeBelow } from "./remove.ts";
import { writeObject } from "./write.ts";

/** Writes, reads, lists and removes a small object below a name of its own. */
export async function checkBucket(
  connection: Connection,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const place = `check-${randomUUID()}`;
  const content = "opsthread";
  await writeObject(connection, `${place}/probe`, new Blob([content]).stream(), { signal });
  const read: Uint8Array[] = [];
  for await (const chunk of (await openObject(connection, `${place}/probe`)) ?? [])
    read.push(chunk);
  signal.throwIfAborted();
  await removeBelow(connection, place);
  if (Buffer.concat(read).toString() === content) return;
  throw new OpsthreadError(
    "BLOB_DAMAGED",
    `Cannot use bucket "${connection.bucket}": what is read there is not what was written`,
  );
}
