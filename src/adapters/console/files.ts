import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Attachment } from "../../core/message.ts";
import { syncFolder } from "./log.ts";

/** A file that a person attaches: a path, or a name with its bytes. */
export type FileToSend = string | { readonly name: string; readonly bytes: Uint8Array };

/** Writes all of `source` to a new file, durably. A partly written file is removed. */
export async function saveStream(
  path: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w", 0o600);
  let bytes = 0;
  try {
    for await (const chunk of source) {
      await file.writeFile(chunk);
      bytes += chunk.byteLength;
    }
    await file.datasync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
  return bytes;
}

/** Moves a finished file to its final name, durably. */
export async function moveFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Copies what a person attached into the workspace, where it stays as it is now. */
export async function saveAttachment(
  file: FileToSend,
  { id, dir }: { readonly id: string; readonly dir: string },
): Promise<Attachment> {
  const name = typeof file === "string" ? basename(file) : file.name;
  if (name === "") throw unreadable(name, "it has no name");
  const source = typeof file === "string" ? await openFile(file) : [file.bytes];
  const bytes = await saveStream(join(dir, id), source);
  const mediaType = mediaTypeOf(name);
  return { id, name, bytes, ...(mediaType !== undefined && { mediaType }) };
}

async function openFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  let problem = "it is not a file";
  try {
    if ((await stat(path)).isFile()) return createReadStream(path);
  } catch (error) {
    problem = messageOf(error);
  }
  throw unreadable(path, problem);
}

function unreadable(path: string, problem: string): OpsthreadError {
  return new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot attach "${path}": ${problem}, expected a readable file`,
  );
}

/** What a chat platform says about a file is a guess by its name. */
function mediaTypeOf(name: string): string | undefined {
  return mediaTypes[/\.([a-z\d]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? ""];
}

const mediaTypes: Readonly<Record<string, string>> = {
  conf: "text/plain",
  csv: "text/csv",
  gz: "application/gzip",
  html: "text/html",
  ini: "text/plain",
  json: "application/json",
  log: "text/plain",
  md: "text/markdown",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  toml: "application/toml",
  txt: "text/plain",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
  zst: "application/zstd",
};
