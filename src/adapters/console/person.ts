import { join } from "node:path";

import type { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import { Actor } from "../../core/message.ts";
import type { Attachment } from "../../core/message.ts";
import type { WorkspaceCore } from "./core.ts";
import { saveAttachment } from "./files.ts";
import type { FileToSend } from "./files.ts";
import type { MessageRecord } from "./records.ts";
import type { ConsoleState } from "./state.ts";

/** What a person says, and where. */
export interface Said {
  readonly actor: z.input<typeof Actor>;
  readonly text: string;
  /** The thread to say it in. Without one, a new thread is opened in `channel`. */
  readonly thread?: string;
  /** `general` by default. */
  readonly channel?: string;
  readonly files?: readonly FileToSend[];
  /** Whether the bot is named. By default it is where a thread is opened, and is not within a thread. */
  readonly mention?: boolean;
}

/** Stores what a person said, with its files, as an event for the bot. */
export async function say(core: WorkspaceCore, said: Said): Promise<MessageRecord> {
  const actor = Actor.parse(said.actor);
  const attachments: Attachment[] = [];
  for (const file of said.files ?? []) {
    const id = await core.exclusive(async () => `f${(core.state.counts.file += 1)}`);
    attachments.push(await saveAttachment(file, { id, dir: join(core.dir, "files") }));
  }
  return core.exclusive(async () => {
    const record: MessageRecord = {
      v: 1,
      type: "message",
      at: core.clock.now(),
      id: `m${core.state.counts.message + 1}`,
      ...placeOf(core.state, said),
      kind: kindOf(said),
      actor,
      text: said.text,
      attachments,
    };
    await core.commit(record);
    return record;
  });
}

function placeOf(
  state: ConsoleState,
  { thread, channel }: Said,
): {
  readonly thread: string;
  readonly channel: string;
} {
  if (thread === undefined) return { thread: newThread(state), channel: channel ?? "general" };
  const known = state.threads.get(thread);
  if (known === undefined || (channel !== undefined && channel !== known.channel)) {
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot write in thread "${thread}": there is none${channel === undefined ? "" : ` in channel "${channel}"`}, expected an existing thread`,
    );
  }
  return { thread, channel: known.channel };
}

function newThread(state: ConsoleState): string {
  let number = state.threads.size + 1;
  while (state.threads.has(`t${number}`)) number += 1;
  return `t${number}`;
}

function kindOf({ text, thread, mention = thread === undefined }: Said): MessageRecord["kind"] {
  if (/^\s*stop[.!]?\s*$/i.test(text)) return "stop";
  return mention ? "mention" : "thread";
}
