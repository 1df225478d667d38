import { isUtf8 } from "node:buffer";

import { z } from "zod";

import type { ToolResult } from "../../core/tool-result.ts";
import type { SandboxFiles } from "../../sandbox/sandbox.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { formatBytes } from "./format.ts";
import { type PatchRecord, patchRecords } from "./patch-record.ts";
import { failed, ok } from "./tool-output.ts";
import { parseV4aCreate } from "./v4a-parse.ts";
import { applyV4a } from "./v4a.ts";

const path = z.string().min(1).describe("In the workspace");

const ApplyPatchInput = z.object({
  operation: z.discriminatedUnion("type", [
    z.object({
      type: z.literal("create_file"),
      path,
      diff: z.string().describe("The whole content, each line with + before it"),
    }),
    z.object({
      type: z.literal("update_file"),
      path,
      diff: z
        .string()
        .describe(
          "V4A: hunks of lines that begin with a space (stays), - (goes) or + (comes), with about three lines that " +
            "stay around each change. Before each hunk a line @@, or @@ with a line of the file that stands above it",
        ),
    }),
    z.object({ type: z.literal("delete_file"), path }),
  ]),
});
type Input = z.output<typeof ApplyPatchInput>;

/**
 * Changes a text file of the workspace by a V4A diff, as a whole or not at all.
 * https://platform.openai.com/docs/guides/tools-apply-patch
 */
export function applyPatchTool(): Tool<Input> {
  return defineTool({
    name: "apply_patch",
    native: "apply_patch",
    description:
      "Creates, changes or deletes one text file of the workspace. A change is a diff whose lines have to match the " +
      "file; when they do not, nothing is changed and the result says what the file has there.",
    input: ApplyPatchInput,
    // A diff may fit the file that it made as well. What the file was and is to be is on record before it is written, by
    // the execution's id, so that a repeat knows whether it has been done.
    effect: "idempotent",
    async run({ operation }, context) {
      const { files } = await context.session.sandbox();
      const before = await readText(files, operation.path);
      if ("problem" in before) return failed(`Cannot patch ${operation.path}: ${before.problem}`);
      const records = patchRecords(files, context);
      const standing = await records.standing(before.text);
      if (standing === "done") return ok(`${operation.path} is as this patch makes it`);
      if (standing === "changed")
        return failed(
          `Cannot patch ${operation.path}: this patch was begun before, and the file is neither what it was then nor what it was to be`,
        );
      const planned = plan(operation, before.text);
      if (!planned.ok) return failed(`Cannot patch ${operation.path}: ${planned.problem}`);
      await records.keep({ before: before.text, after: planned.after });
      return carryOut(operation.path, planned, context);
    },
  });
}

type Planned =
  | { readonly ok: true; readonly after: string | undefined; readonly told: string }
  | { readonly ok: false; readonly problem: string };

/** What becomes of a file's text; undefined is no file. */
function plan(operation: Input["operation"], text: PatchRecord["before"]): Planned {
  switch (operation.type) {
    case "create_file": {
      if (text !== undefined)
        return { ok: false, problem: "it is there already. Change it with update_file" };
      const parsed = parseV4aCreate(operation.diff);
      if (!parsed.ok) return parsed;
      return { ok: true, after: parsed.text, told: `Created ${operation.path}` };
    }
    case "update_file": {
      if (text === undefined) return { ok: false, problem: "no such file" };
      const applied = applyV4a(text, operation.diff);
      if (!applied.ok) return { ok: false, problem: `nothing was changed. ${applied.problem}` };
      const { added, deleted, loose } = applied;
      const note =
        loose.length === 0 ? "" : `; spaces were not counted to match hunk ${loose.join(", ")}`;
      const told = `Updated ${operation.path}: ${added} added, ${deleted} removed${note}`;
      return { ok: true, after: applied.text, told };
    }
    case "delete_file":
      if (text === undefined) return { ok: false, problem: "no such file" };
      return { ok: true, after: undefined, told: `Deleted ${operation.path}` };
  }
}

async function carryOut(
  file: string,
  { after, told }: Extract<Planned, { ok: true }>,
  { session, executionId, signal }: ToolContext,
): Promise<ToolResult> {
  const sandbox = await session.sandbox();
  if (after !== undefined) {
    const { size } = await sandbox.files.write(file, Buffer.from(after), { signal });
    return ok(`${told}, now ${formatBytes(size)}`);
  }
  // The files of a sandbox have no way to delete from outside.
  const { outcome, stderr } = await sandbox.exec(`rm -- ${quoted(file)}`, { executionId, signal });
  if (outcome.type === "exit" && outcome.code === 0) return ok(told);
  return failed(`Cannot delete ${file}: ${stderr.text.trim() || outcome.type}`);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The text of a file, undefined when there is none. Only whole text can be written back without harm. */
async function readText(
  files: SandboxFiles,
  file: string,
): Promise<{ readonly text: string | undefined } | { readonly problem: string }> {
  const found = await files.read(file, { offset: 0, length: maxBytes });
  if (found === undefined) return { text: undefined };
  if (found.size > found.bytes.length)
    return {
      problem: `it has ${formatBytes(found.size)}, more than the ${formatBytes(maxBytes)} that can be patched. Use shell`,
    };
  if (found.bytes.includes(0) || !isUtf8(found.bytes))
    return { problem: "it is no UTF-8 text. Use shell" };
  return { text: Buffer.from(found.bytes).toString() };
}

const maxBytes = 4 * 1024 * 1024;
