import { type ThreadRef, sessionIdOf } from "../core/ids.ts";
import type { JournalEntry } from "../core/journal.ts";
import type { Message } from "../core/message.ts";
import type { Post } from "../core/post.ts";

/** A thread of the platform "sample". */
export function sampleThread(thread: string, workspace = "W1"): ThreadRef {
  return { platform: "sample", workspace, channel: "C1", thread };
}

/** A mention of the bot. */
export function sampleMessage(id: string, thread: ThreadRef, more: Partial<Message> = {}): Message {
  return {
    id,
    thread,
    actor: { id: "U1", name: "Ada", roles: ["ops"] },
    kind: "mention",
    text: `message ${id}`,
    attachments: [],
    sentAt: 1_000_000,
    ...more,
  };
}

/** A short journal entry that can be told by its text. */
export function sampleNote(text: string): JournalEntry {
  return { v: 1, turn: 1, at: 1_000_000, type: "note", text };
}

/** The journal entry of a message that was read. */
export function sampleRead(message: Message): JournalEntry {
  return { v: 1, turn: 1, at: 1_000_000, type: "message", message, paths: [] };
}

/** An answer to a thread. */
export function samplePost(key: string, thread: ThreadRef): Post {
  return {
    key,
    sessionId: sessionIdOf(thread),
    thread,
    turn: 1,
    kind: "answer",
    markdown: `post **${key}**`,
    artifacts: [],
  };
}
