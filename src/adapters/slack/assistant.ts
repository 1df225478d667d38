import { z } from "zod";

import { messageOf } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import { visibleLabel } from "../text/control.ts";
import type { SlackApi } from "./api.ts";
import type { Handler } from "./handle-event.ts";
import { eventOf } from "./said.ts";

/** Something to ask that a conversation with the bot alone begins with. */
export interface SuggestedPrompt {
  /** What stands on the button. */
  readonly title: string;
  /** What it says in the person's name. */
  readonly message: string;
}

/**
 * What the bot shows in conversations that people open with it alone: https://docs.slack.dev/ai/developing-ai-apps.
 * Nothing here is waited for: the events that it is about are to be acknowledged.
 */
export interface Assistant extends AsyncDisposable {
  /** Takes an event; false where it is about something else. */
  opened(event: unknown, teamId: string): boolean;
  /** The first thing that is said in such a conversation is what it is called. */
  said(said: { readonly thread: ThreadRef; readonly text: string }): void;
}

export function createAssistant({
  apiFor,
  prompts,
  log,
}: {
  readonly apiFor: (teamId: string) => SlackApi;
  readonly prompts: readonly SuggestedPrompt[];
  readonly log: Logger;
}): Assistant {
  /** Conversations without a title, the newest. */
  const untitled = new Set<string>();
  const ending = new AbortController();
  const calling = new Set<Promise<void>>();
  const attempt = async (
    method: string,
    args: Readonly<Record<string, unknown>>,
    { teamId }: { readonly teamId: string },
  ): Promise<void> => {
    try {
      await apiFor(teamId).call(method, args, { signal: ending.signal, waitMs });
    } catch (error) {
      log.warn({ error: messageOf(error) }, "A conversation has no prompts or no title");
    }
  };
  const call = (...args: Parameters<typeof attempt>): void => {
    const called = attempt(...args).finally(() => calling.delete(called));
    calling.add(called);
  };
  return {
    opened(event, teamId) {
      const parsed = Opened.safeParse(event);
      if (!parsed.success) return false;
      const { channel_id, thread_ts } = parsed.data.assistant_thread;
      untitled.add(`${channel_id}:${thread_ts}`);
      const [oldest] = untitled;
      if (untitled.size > maxUntitled && oldest !== undefined) untitled.delete(oldest);
      if (prompts.length === 0) return true;
      const args = { channel_id, thread_ts, prompts: prompts.slice(0, maxPrompts) };
      call("assistant.threads.setSuggestedPrompts", args, { teamId });
      return true;
    },
    said({ thread: { workspace, channel, thread }, text }) {
      const title = visibleLabel(text).trim();
      if (title === "" || !untitled.delete(`${channel}:${thread}`)) return;
      const short = title.length <= maxTitle ? title : `${title.slice(0, maxTitle - 1)}…`;
      const args = { channel_id: channel, thread_ts: thread, title: short };
      call("assistant.threads.setTitle", args, { teamId: workspace });
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(calling);
    },
  };
}

/** Conversations that people open with the bot alone. */
export const assistantHandler =
  (assistant: Assistant): Handler =>
  (body, { identity: { teamId } }) =>
    assistant.opened(eventOf(body), teamId) ? Promise.resolve(undefined) : undefined;

/** What the built-in tasks are good at. */
export const defaultPrompts: readonly SuggestedPrompt[] = [
  { title: "Find out what went wrong", message: "What went wrong in the attached logs?" },
  {
    title: "Compare two configurations",
    message: "What is different between the two attached configuration files?",
  },
  { title: "See what you can do", message: "help" },
];

const waitMs = 5000;
const maxPrompts = 4;
const maxTitle = 80;
const maxUntitled = 1000;

const Opened = z.object({
  type: z.literal("assistant_thread_started"),
  assistant_thread: z.object({ channel_id: z.string().min(1), thread_ts: z.string().min(1) }),
});
