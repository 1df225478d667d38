import { abortable } from "../../core/abort.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Artifact } from "../../core/post.ts";
import type { OpenArtifact } from "../adapter.ts";
import type { SentFile } from "./api.ts";
import { uniqueNames } from "./file-name.ts";
import { fitted, mebibytes } from "./fit-file.ts";

/** What one file, and all files of one message together, may have: https://discord.com/developers/docs/reference#uploading-files */
export interface FileLimits {
  readonly perFile: number;
  readonly perRequest: number;
}

/** By the guild's boosts: https://support.discord.com/hc/en-us/articles/360028038352 */
export function fileLimits(premiumTier = 0): FileLimits {
  const most = [10, 10, 50, 100][premiumTier] ?? 10;
  return { perFile: most * 1024 ** 2, perRequest: Math.max(25, most) * 1024 ** 2 };
}

export interface ReadFiles {
  readonly files: readonly SentFile[];
  /** What could not be brought as it is, in words. */
  readonly notes: readonly string[];
}

/**
 * Reads the artifacts' bytes; nothing of it is at Discord yet.
 * @throws {OpsthreadError} `ADAPTER_POST_FAILED`
 */
export async function readArtifacts(
  artifacts: readonly Artifact[],
  {
    open,
    limits,
    signal,
  }: { readonly open: OpenArtifact; readonly limits: FileLimits; readonly signal: AbortSignal },
): Promise<ReadFiles> {
  const nameOf = uniqueNames();
  const files: SentFile[] = [];
  const notes: string[] = [];
  for (const artifact of artifacts) {
    const name = nameOf(artifact.name);
    // Discord takes no empty file.
    if (artifact.bytes === 0) {
      notes.push(`${name} is empty.`);
      continue;
    }
    if (artifact.bytes > largest) {
      notes.push(`${name} is too large for Discord (${mebibytes(artifact.bytes)} MiB).`);
      continue;
    }
    const source = await abortable(open(artifact), signal);
    if (!source) {
      notes.push(`${name} is no longer kept.`);
      continue;
    }
    const data = await bytesOf(source, { name: artifact.name, signal });
    const { files: those, note } = await fitted(
      { name, contentType: artifact.mediaType, data },
      limits.perFile,
    );
    files.push(...those);
    if (note !== undefined) notes.push(note);
  }
  return { files, notes };
}

/** What is held in memory while it is brought. */
const largest = 256 * 1024 ** 2;

/** Files in as many messages as it takes: ten each, and no more than a request may have. */
export function batches(
  files: readonly SentFile[],
  { perRequest }: FileLimits,
): readonly (readonly SentFile[])[] {
  const all: SentFile[][] = [];
  let room = 0;
  for (const file of files) {
    // Some of a request is the message itself.
    const size = file.data.byteLength + 2048;
    if (size > room || (all.at(-1)?.length ?? 0) === maxFiles) {
      all.push([]);
      room = perRequest;
    }
    all.at(-1)?.push(file);
    room -= size;
  }
  return all;
}

const maxFiles = 10;

/** How a message shows its files: pictures beside each other, everything else one beneath the other. */
export function shownFiles(files: readonly SentFile[]): readonly object[] {
  const pictures = files.filter(({ contentType, name }) => isPicture(contentType, name));
  const others = files.filter((file) => !pictures.includes(file));
  const place = ({ name }: SentFile): object => ({ url: `attachment://${name}` });
  return [
    ...(pictures.length > 0
      ? [{ type: 12, items: pictures.map((file) => ({ media: place(file) })) }]
      : []),
    ...others.map((file) => ({ type: 13, file: place(file) })),
  ];
}

const isPicture = (contentType: string, name: string): boolean =>
  /^image\/(?:png|jpeg|gif|webp)$/.test(contentType) || /\.(?:png|jpe?g|gif|webp)$/i.test(name);

async function bytesOf(
  source: AsyncIterable<Uint8Array>,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    const problem = `Cannot read artifact "${name}": ${messageOf(error)}`;
    throw new OpsthreadError("ADAPTER_POST_FAILED", problem, { cause: error });
  }
  return Buffer.concat(chunks);
}
