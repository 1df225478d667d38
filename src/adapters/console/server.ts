import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { ThreadRef } from "../../core/ids.ts";
import type { Post } from "../../core/post.ts";
import type { WorkspaceCore } from "./core.ts";
import { delivery } from "./delivery.ts";
import type { Delivery, EventHandler } from "./delivery.ts";
import type { PostFault } from "./faults.ts";
import { moveFile, saveStream } from "./files.ts";
import type { MessageRecord, PostRecord } from "./records.ts";
import { foldName, safeFileName, threadFolder } from "./safe-name.ts";
import type { ThreadState } from "./state.ts";

/** The side of the workspace that a bot talks to, with the manners of a real platform's API. */
export interface ConsoleServer extends AsyncDisposable {
  /**
   * Has `handle` called with every event that is not acknowledged, those from before first, until the connection
   * is disposed of. There can be one connection at a time.
   */
  connect(handle: EventHandler): AsyncDisposable;
  /** Tells the connected bot of an event. */
  notify(event: MessageRecord): void;
  /** Resolves when the connected bot has taken every event, or there is no bot. */
  delivered(): Promise<void>;
  /** Takes a file in, for a post to come. */
  upload(bytes: AsyncIterable<Uint8Array>): Promise<Upload>;
  post(post: Omit<Post, "artifacts">, uploads: readonly NamedUpload[]): Promise<PostAnswer>;
  findPost(thread: ThreadRef, key: string): string | undefined;
  showProgress(thread: ThreadRef, key: string, markdown: string | undefined): void;
  /** The bytes of an attachment; undefined when there is no such file in the thread. */
  download(thread: ThreadRef, attachmentId: string): AsyncIterable<Uint8Array> | undefined;
}

export interface Upload {
  readonly path: string;
  readonly bytes: number;
}

/** A file for a post; without `upload` its bytes are gone. */
export interface NamedUpload {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly upload: Upload | undefined;
}

export type PostAnswer =
  | { readonly type: "taken"; readonly messageId: string }
  | { readonly type: "wrong-thread" }
  | PostFault;

export function consoleServer(core: WorkspaceCore): ConsoleServer {
  const { dir, state, faults } = core;
  let connection: Delivery | undefined;
  let uploads = 0;

  /** The thread, when the reference is of this workspace and the channel is the thread's. */
  const lookUp = (ref: ThreadRef): ThreadState | "new" | undefined => {
    if (ref.platform !== "console" || ref.workspace !== state.workspaceId) return undefined;
    const known = state.threads.get(ref.thread);
    if (known === undefined) return "new";
    return known.channel === ref.channel ? known : undefined;
  };
  const existing = (ref: ThreadRef): ThreadState | undefined => {
    const known = lookUp(ref);
    return known === "new" ? undefined : known;
  };

  return {
    connect(handle) {
      if (connection) throw new TypeError("Cannot connect to the console workspace: it is in use");
      const made = delivery({
        ...core,
        handle,
        isPending: ({ id }) => state.unacknowledged.has(id),
        acknowledge: ({ id }, answer) =>
          core.exclusive(() =>
            core.commit({ v: 1, type: "acknowledged", at: core.clock.now(), id, ...answer }),
          ),
      });
      connection = made;
      for (const event of state.unacknowledged.values()) made.enqueue(event);
      return {
        async [Symbol.asyncDispose]() {
          if (connection === made) connection = undefined;
          await made[Symbol.asyncDispose]();
        },
      };
    },
    notify: (event) => connection?.enqueue(event),
    delivered: async () => connection?.idle(),
    async upload(bytes) {
      const path = join(dir, "uploads", `u${(uploads += 1)}`);
      return { path, bytes: await saveStream(path, bytes) };
    },
    async post(post, files) {
      const fault = faults.posts.shift();
      if (fault && !(fault.type === "connection-lost" && fault.taken)) return fault;
      const answer = await core.exclusive(async (): Promise<PostAnswer> => {
        const known = lookUp(post.thread);
        if (known === undefined) return { type: "wrong-thread" };
        const artifacts = await placeFiles(files, {
          folder: join(dir, "artifacts", threadFolder(post.thread.thread)),
          taken: known === "new" ? new Set() : known.files,
        });
        const id = `p${state.counts.post + 1}`;
        await core.commit({
          v: 1,
          type: "post",
          at: core.clock.now(),
          id,
          channel: post.thread.channel,
          thread: post.thread.thread,
          key: post.key,
          kind: post.kind,
          markdown: post.markdown,
          artifacts,
          ...(post.usage && { usage: post.usage }),
        });
        return { type: "taken", messageId: id };
      });
      return fault ?? answer;
    },
    findPost: (thread, key) => existing(thread)?.posts.get(key),
    showProgress(ref, key, markdown) {
      if (lookUp(ref) === undefined) return;
      const lines = core.progress.get(ref.thread) ?? new Map<string, string>();
      if (markdown === undefined) lines.delete(key);
      else lines.set(key, markdown);
      if (lines.size === 0) core.progress.delete(ref.thread);
      else core.progress.set(ref.thread, lines);
      core.announce({ type: "progress", thread: ref.thread, key, markdown });
    },
    download(thread, attachmentId) {
      const known = existing(thread)?.attachments.has(attachmentId);
      if (known !== true || faults.lostFiles.has(attachmentId)) return undefined;
      return createReadStream(join(dir, "files", attachmentId));
    },
    async [Symbol.asyncDispose]() {
      await connection?.[Symbol.asyncDispose]();
      await rm(join(dir, "uploads"), { recursive: true, force: true });
    },
  };
}

/** Moves uploads to where the person finds them, under names that can't leave the folder or meet. */
async function placeFiles(
  files: readonly NamedUpload[],
  { folder, taken }: { readonly folder: string; readonly taken: ReadonlySet<string> },
): Promise<PostRecord["artifacts"]> {
  const names = new Set(taken);
  const placed: PostRecord["artifacts"][number][] = [];
  for (const { name, mediaType, bytes, upload } of files) {
    if (upload === undefined) {
      placed.push({ name, mediaType, bytes });
      continue;
    }
    const file = safeFileName(name, names);
    names.add(foldName(file));
    await moveFile(upload.path, join(folder, file));
    placed.push({ name, mediaType, bytes: upload.bytes, file });
  }
  return placed;
}
