import { join } from "node:path";

import type { Attachment } from "../../core/message.ts";
import type { ConsoleRecord, MessageRecord, PostRecord } from "./records.ts";
import { foldName, threadFolder } from "./safe-name.ts";
import type { TranscriptEntry } from "./transcript.ts";

/** What the records so far add up to. */
export interface ConsoleState {
  workspaceId: string | undefined;
  readonly threads: Map<string, ThreadState>;
  /** Events that the bot has not taken yet, in the order they happened. */
  readonly unacknowledged: Map<string, MessageRecord>;
  readonly messages: Map<string, MessageRecord>;
  readonly counts: { message: number; post: number; file: number };
}

export interface ThreadState {
  readonly channel: string;
  readonly entries: TranscriptEntry[];
  /** The ids of posts, by key. */
  readonly posts: Map<string, string>;
  readonly attachments: Map<string, Attachment>;
  /** Names in the artifacts folder, folded. */
  readonly files: Set<string>;
}

export function emptyState(): ConsoleState {
  return {
    workspaceId: undefined,
    threads: new Map(),
    unacknowledged: new Map(),
    messages: new Map(),
    counts: { message: 0, post: 0, file: 0 },
  };
}

/**
 * Takes one more record in.
 * @returns the entry that a person sees because of it, and its thread
 */
export function applyRecord(
  state: ConsoleState,
  record: ConsoleRecord,
  dir: string,
): { readonly thread: string; readonly entry: TranscriptEntry } | undefined {
  switch (record.type) {
    case "workspace":
      state.workspaceId = record.id;
      return undefined;
    case "message":
      return applyMessage(state, record);
    case "acknowledged": {
      state.unacknowledged.delete(record.id);
      const thread = state.messages.get(record.id)?.thread;
      if (thread === undefined || record.denied === undefined) return undefined;
      const { id, at, denied: text } = record;
      const entry = { type: "system", id: `${id}-denied`, at, text } as const;
      state.threads.get(thread)?.entries.push(entry);
      return { thread, entry };
    }
    case "post":
      return applyPost(state, record, dir);
    default:
      return record satisfies never;
  }
}

function applyMessage(state: ConsoleState, record: MessageRecord) {
  const { id, at, kind, actor, text, attachments, thread } = record;
  const entry = { type: "message", id, at, kind, actor, text, attachments } as const;
  const known = threadOf(state, record);
  known.entries.push(entry);
  for (const attachment of attachments) known.attachments.set(attachment.id, attachment);
  state.messages.set(id, record);
  state.unacknowledged.set(id, record);
  state.counts.message += 1;
  // Numbers are given before the record is written, so a gap is possible, a repetition is not.
  const files = attachments.map((attachment) => Number(attachment.id.slice(1)) || 0);
  state.counts.file = Math.max(state.counts.file, ...files);
  return { thread, entry };
}

function applyPost(state: ConsoleState, record: PostRecord, dir: string) {
  const { id, at, key, kind, markdown, usage, thread } = record;
  const known = threadOf(state, record);
  const artifacts = record.artifacts.map(({ file, ...artifact }) => {
    if (file === undefined) return artifact;
    known.files.add(foldName(file));
    return { ...artifact, path: join(dir, "artifacts", threadFolder(thread), file) };
  });
  const told = usage && { usage };
  const entry = { type: "post", id, at, key, kind, markdown, artifacts, ...told } as const;
  known.entries.push(entry);
  if (!known.posts.has(key)) known.posts.set(key, id);
  state.counts.post += 1;
  return { thread, entry };
}

function threadOf(
  state: ConsoleState,
  { channel, thread }: { readonly channel: string; readonly thread: string },
): ThreadState {
  const known = state.threads.get(thread);
  if (known) return known;
  const added: ThreadState = {
    channel,
    entries: [],
    posts: new Map(),
    attachments: new Map(),
    files: new Set(),
  };
  state.threads.set(thread, added);
  return added;
}
