import { z } from "zod";

import type { ToolResult } from "../../core/tool-result.ts";
import type { SandboxFiles } from "../../sandbox/sandbox.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { formatBytes } from "./format.ts";
import { failed, ok } from "./tool-output.ts";

/** What one call shows at most, and what is read at a time while looking for the first line. */
const shownBytes = 20 * 1024;
const chunkBytes = 256 * 1024;

const ReadFileInput = z.object({
  path: z.string().min(1).describe("In the workspace, or absolute: /sources/…"),
  offset: z.number().int().min(1).default(1).describe("First line to show, from 1"),
  limit: z.number().int().min(1).max(1000).default(200).describe("Lines to show"),
  numbers: z.boolean().default(false).describe("Put the line number before each line"),
});

/** Shows a part of a text file, and says how much of it that is. */
export function readFileTool(): Tool<z.output<typeof ReadFileInput>> {
  return defineTool({
    name: "read_file",
    description:
      `Shows lines of a text file, at most ${formatBytes(shownBytes)} at once, and says how to go on. ` +
      "For large logs use run_task; to search use shell.",
    input: ReadFileInput,
    effect: "pure",
    async run(input, { session, signal }) {
      const { files } = await session.sandbox();
      return showLines(files, { ...input, signal, goOn: (line) => `go on with offset ${line}` });
    },
  });
}

/** `goOn` says how the rest is shown, from a line on. */
export async function showLines(
  files: SandboxFiles,
  {
    path,
    offset,
    signal,
    ...how
  }: z.output<typeof ReadFileInput> & Pick<Part, "goOn"> & { readonly signal: AbortSignal },
): Promise<ToolResult> {
  const head = await files.read(path, { offset: 0, length: 8192 });
  if (head === undefined) return failed(`Cannot read ${path}: no such file`);
  if (head.size === 0) return ok(`${path}: empty file`);
  if (head.bytes.includes(0)) return ok(binaryText(path, head));

  const start = await findLine(files, { path, line: offset, signal });
  if ("lines" in start) {
    return failed(`Cannot show ${path} from line ${offset}: it has ${start.lines} lines`);
  }
  const part = await files.read(path, { offset: start.position, length: shownBytes });
  if (part === undefined) return failed(`Cannot read ${path}: it is gone`);
  return show({ path, part, position: start.position, first: offset, ...how });
}

/** The byte position of a line, or how many lines there are when it is past the end. */
async function findLine(
  files: SandboxFiles,
  { path, line, signal }: { path: string; line: number; signal: AbortSignal },
): Promise<{ position: number } | { lines: number }> {
  let current = 1;
  let offset = 0;
  let endsOpen = false;
  while (current < line) {
    signal.throwIfAborted();
    const chunk = await files.read(path, { offset, length: chunkBytes });
    if (chunk === undefined || chunk.bytes.length === 0) break;
    let from = 0;
    while (current < line) {
      const newline = chunk.bytes.indexOf(10, from);
      if (newline === -1) break;
      current += 1;
      from = newline + 1;
    }
    if (current === line) {
      return offset + from < chunk.size ? { position: offset + from } : { lines: current - 1 };
    }
    offset += chunk.bytes.length;
    endsOpen = chunk.bytes.at(-1) !== 10;
  }
  return current === line ? { position: 0 } : { lines: endsOpen ? current : current - 1 };
}

interface Part {
  readonly path: string;
  readonly part: { readonly bytes: Uint8Array; readonly size: number };
  readonly position: number;
  readonly first: number;
  readonly limit: number;
  readonly numbers: boolean;
  readonly goOn: (line: number) => string;
}

function show({ path, part, position, first, limit, numbers, goOn }: Part): ToolResult {
  const end = endOf(part.bytes, limit, position + part.bytes.length >= part.size);
  const shown = part.bytes.subarray(0, end);
  // `stream` holds a character back that the cut went through.
  const text = new TextDecoder().decode(shown, { stream: true });
  const lines = text.replace(/\n$/, "").split("\n");
  const last = first + lines.length - 1;
  const next = position + end;

  const range = `lines ${first} to ${last}, bytes ${position} to ${next} of ${part.size}`;
  const cut = shown.at(-1) !== 10 && next < part.size;
  const rest = cut
    ? `line ${last} is longer than can be shown; use shell for the rest of it`
    : next < part.size
      ? goOn(last + 1)
      : "end of file";
  const body = numbers
    ? lines.map((line, index) => `${first + index}\t${line}`).join("\n")
    : lines.join("\n");
  return {
    ...ok(`${path}: ${range}; ${rest}\n${body}`),
    measures: { outputBytes: part.size, shownBytes: end },
  };
}

/** Where to cut: after `limit` lines, else after the last whole line, else everything. */
function endOf(bytes: Uint8Array, limit: number, reachesEnd: boolean): number {
  let from = 0;
  for (let line = 0; line < limit; line += 1) {
    const newline = bytes.indexOf(10, from);
    if (newline === -1) return reachesEnd || from === 0 ? bytes.length : from;
    from = newline + 1;
  }
  return from;
}

function binaryText(
  path: string,
  head: { readonly bytes: Uint8Array; readonly size: number },
): string {
  const magic = Buffer.from(head.bytes.subarray(0, 8)).toString("hex");
  const hint = magic.startsWith("1f8b") ? " It is gzip: zcat in the shell shows it." : "";
  return `${path}: binary file of ${formatBytes(head.size)}, not shown. It begins with ${magic}.${hint}`;
}
