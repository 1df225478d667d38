import { createHash } from "node:crypto";

import { z } from "zod";

import type { SandboxFiles } from "../../sandbox/sandbox.ts";
import type { ToolContext } from "../tool.ts";

/** The texts of a file; undefined is no file. */
export interface PatchRecord {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What a patch found and was to make, by the id of its execution. */
export interface PatchRecords {
  /**
   * - `new`: it was not begun, or has changed nothing yet; - `done`: the file is what it makes of it;
   * - `changed`: it was begun, and the file is another one since.
   */
  standing(text: string | undefined): Promise<"new" | "done" | "changed">;
  keep(record: PatchRecord): Promise<void>;
}

/**
 * A record counts only until its call's result is on record, so a few hundred places are enough for all that a session ever
 * does: a later call takes the place of one that ended long ago.
 */
export function patchRecords(
  files: SandboxFiles,
  { executionId, signal }: Pick<ToolContext, "executionId" | "signal">,
): PatchRecords {
  const file = `.opsthread/patches/${placeOf(executionId)}.json`;
  return {
    async standing(text) {
      const found = await files.read(file, { offset: 0, length: 1024 });
      const record = found && Stored.safeParse(parsed(found.bytes)).data;
      // A record that the sandbox spoiled, or another call's, is none of this one.
      if (record?.of !== executionId) return "new";
      const hash = hashOf(text);
      if (hash === record.after) return "done";
      return hash === record.before ? "new" : "changed";
    },
    async keep({ before, after }) {
      const record = { of: executionId, before: hashOf(before), after: hashOf(after) };
      await files.write(file, Buffer.from(JSON.stringify(record)), { signal });
    },
  };
}

const placeOf = (executionId: string): string =>
  createHash("sha256").update(executionId).digest("hex").slice(0, 2);

const Stored = z.object({ of: z.string(), before: z.string(), after: z.string() });

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Checked by the schema: it is not one.
    return undefined;
  }
}

const hashOf = (text: string | undefined): string =>
  text === undefined ? "none" : createHash("sha256").update(text).digest("hex");
