import { z } from "zod";

import type { ToolResult } from "../../core/tool-result.ts";
import type { SandboxFiles } from "../../sandbox/sandbox.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { insertAt, replaceOnce } from "./edits.ts";
import { formatBytes } from "./format.ts";
import { listFolder } from "./list-files.ts";
import { showLines } from "./read-file.ts";
import { readWhole } from "./read-whole.ts";
import { failed, ok } from "./tool-output.ts";

/** Flat: vendors want the arguments of a tool to be one object, not a choice of several. */
const Arguments = z.object({
  command: z.enum(["view", "create", "str_replace", "insert"]),
  path: z.string().min(1).describe("In the workspace; view also takes /sources/…"),
  view_range: z
    .array(z.number().int().min(-1))
    .length(2)
    .optional()
    .describe("view: first and last line to show, from 1; -1 is the end of the file"),
  file_text: z.string().optional().describe("create: the whole new content"),
  old_str: z
    .string()
    .optional()
    .describe("str_replace: must be in the file exactly once, white space included"),
  new_str: z
    .string()
    .optional()
    .describe("str_replace: what stands there instead; nothing when left out"),
  insert_line: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe("insert: the line after which it goes; 0 is the top"),
  insert_text: z.string().optional().describe("insert: what goes there"),
});

const path = z.string();
const Command = z.discriminatedUnion("command", [
  z.object({
    command: z.literal("view"),
    path,
    view_range: z.tuple([z.number().min(1), z.number()]).default([1, -1]),
  }),
  z.object({ command: z.literal("create"), path, file_text: z.string() }),
  z.object({
    command: z.literal("str_replace"),
    path,
    old_str: z.string().min(1),
    new_str: z.string().default(""),
  }),
  z.object({
    command: z.literal("insert"),
    path,
    insert_line: z.number(),
    insert_text: z.string(),
  }),
]);
type Command = z.output<typeof Command>;

/**
 * Views and edits text files of the workspace, with the arguments that Anthropic's models were trained on.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/text-editor-tool
 */
export function editFileTool(): Tool<Command> {
  return defineTool({
    name: "edit_file",
    native: "text_editor",
    description:
      "Views and edits text files in the workspace. view: a file with line numbers, or a folder two levels deep; " +
      "create: writes a whole file; str_replace: replaces a text that is in the file exactly once; insert: puts text after a line.",
    input: Arguments.pipe(Command),
    // Run again, str_replace would find nothing, and insert would insert twice.
    effect: "at-most-once",
    run: edit,
  });
}

async function edit(input: Command, context: ToolContext): Promise<ToolResult> {
  const { files } = await context.session.sandbox();
  const { signal } = context;
  switch (input.command) {
    case "view":
      return view(files, { path: input.path, range: input.view_range, signal });
    case "create": {
      const { size } = await files.write(input.path, Buffer.from(input.file_text), { signal });
      return ok(`Wrote ${formatBytes(size)} to ${input.path}`);
    }
    case "str_replace":
    case "insert": {
      const file = await readWhole(files, { path: input.path, signal });
      if ("problem" in file) return failed(`Cannot edit ${input.path}: ${file.problem}`);
      const edited =
        input.command === "insert"
          ? insertAt(file.text, { line: input.insert_line, text: input.insert_text })
          : replaceOnce(file.text, { from: input.old_str, to: input.new_str });
      if ("problem" in edited) return failed(`Cannot edit ${input.path}: ${edited.problem}`);
      await files.write(input.path, Buffer.from(edited.text), { signal });
      return ok(`Edited ${input.path}. It now reads, from line ${edited.first}:\n${edited.shown}`);
    }
  }
}

/** Lines at once; bytes are bounded besides. */
const maxLines = 1000;

async function view(
  files: SandboxFiles,
  {
    path: name,
    range: [first, last],
    signal,
  }: {
    readonly path: string;
    readonly range: readonly [number, number];
    readonly signal: AbortSignal;
  },
): Promise<ToolResult> {
  const folder = await listFolder(files, { path: name, depth: 2, signal });
  if (folder !== undefined) return ok(folder);
  const lines = last === -1 ? maxLines : last - first + 1;
  if (lines < 1)
    return failed(`Cannot show ${name}: view_range ends at ${last}, before it begins at ${first}`);
  return showLines(files, {
    path: name,
    offset: first,
    limit: Math.min(lines, maxLines),
    numbers: true,
    signal,
    goOn: (line) => `go on with view_range [${line}, -1]`,
  });
}
