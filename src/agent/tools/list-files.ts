import { z } from "zod";

import type { FileEntry, SandboxFiles } from "../../sandbox/sandbox.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { formatBytes } from "./format.ts";
import { failed, ok } from "./tool-output.ts";

/** Entries that one call shows. */
const maxEntries = 300;

const ListFilesInput = z.object({
  path: z.string().min(1).default(".").describe("A folder of the workspace, or absolute"),
  depth: z.number().int().min(1).max(8).default(3).describe("Levels of folders to look into"),
});

/** Lists files and folders. */
export function listFilesTool(): Tool<z.output<typeof ListFilesInput>> {
  return defineTool({
    name: "list_files",
    description: `Lists the files of a folder and the folders in it, with sizes, at most ${maxEntries} entries.`,
    input: ListFilesInput,
    effect: "pure",
    async run({ path, depth }, { session, signal }) {
      const { files } = await session.sandbox();
      const text = await listFolder(files, { path, depth, signal });
      return text === undefined ? failed(`Cannot list ${path}: no such folder`) : ok(text);
    },
  });
}

/** What is in a folder, in words; undefined when there is none. */
export async function listFolder(
  files: SandboxFiles,
  options: { readonly path: string; readonly depth: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { path } = options;
  const entries = await files.list(path, { limit: maxEntries + 1 });
  if (entries === undefined) return undefined;
  if (entries.length === 0) return `${path}: empty folder`;
  const lines = await walk(files, entries, options);
  const more = lines.length > maxEntries;
  const head = more ? `${path}: the first ${maxEntries} entries, there are more` : `${path}:`;
  return [head, ...lines.slice(0, maxEntries)].join("\n");
}

/** One line per entry, depth first; stops one past the bound, so that the caller knows that there are more. */
async function walk(
  files: SandboxFiles,
  entries: readonly FileEntry[],
  { path, depth, signal }: { path: string; depth: number; signal: AbortSignal },
): Promise<string[]> {
  const lines: string[] = [];
  const visit = async (folder: readonly FileEntry[], prefix: string, level: number) => {
    for (const entry of folder) {
      if (lines.length > maxEntries) return;
      lines.push(`${prefix}${entryText(entry)}`);
      if (entry.type !== "folder" || level >= depth) continue;
      signal.throwIfAborted();
      const below = `${prefix}${entry.name}/`;
      const inside = await files.list(`${path}/${below}`, { limit: maxEntries + 1 });
      await visit(inside ?? [], below, level + 1);
    }
  };
  await visit(entries, "", 1);
  return lines;
}

function entryText({ name, type, size }: FileEntry): string {
  if (type === "folder") return `${name}/`;
  return type === "file" ? `${name}  ${formatBytes(size)}` : `${name}  (${type})`;
}
