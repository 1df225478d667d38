import { threadId, type ThreadRef } from "../../core/ids.ts";
import { codes, discordCode } from "./failures.ts";
import { remembering } from "./remembering.ts";
import type { Teller } from "./tell.ts";

/** Tells who asked that the bot can't answer where it was asked: where it may not speak, nobody would know. */
export interface Trouble {
  asked(thread: ThreadRef, user: string): void;
  /** Once per thread, until something could be posted there again. */
  tell(thread: ThreadRef, error: unknown): void;
  over(thread: ThreadRef): void;
}

export function createTrouble(teller: Teller): Trouble {
  const askers = remembering<string>(maxThreads);
  const told = remembering<true>(maxThreads);
  return {
    asked: (thread, user) => askers.set(threadId(thread), user),
    tell(thread, error) {
      const id = threadId(thread);
      const user = askers.get(id);
      const code = discordCode(error) ?? 0;
      const isModerated = code === codes.moderated;
      const problem = isModerated ? moderated : problems[code];
      if (problem === undefined || user === undefined || told.get(id)) return;
      told.set(id, true);
      const { channel, thread: messageId } = thread;
      const after = isModerated ? "" : ". When that has changed, the answer comes";
      const reason = `I can't answer in the thread that you asked in: ${problem}${after}`;
      teller.tell({ user, reason, channelId: channel, messageId });
    },
    over: (thread) => told.delete(threadId(thread)),
  };
}

const maxThreads = 5000;

const moderated = "the server's AutoMod blocks what I have to say. I don't try again";
const problems: Readonly<Record<number, string>> = {
  [codes.missingAccess]: "I am not allowed to see it",
  [codes.missingPermissions]: "I lack the permission to send messages there",
  [codes.threadArchived]: "it is archived",
  [codes.threadLocked]: "it is locked",
  [codes.threadFull]: "it has as many members as a thread may have",
  [codes.tooManyThreads]: "the server has as many threads as it may have, and it is archived",
  [codes.tooManyNewsThreads]: "the server has as many threads as it may have, and it is archived",
};
