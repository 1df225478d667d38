import type { Clock } from "../../core/clock.ts";
import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { Message } from "../../core/message.ts";
import type { Adapter, Inbound } from "../adapter.ts";
import type { SlackApi } from "./api.ts";
import {
  type Assistant,
  createAssistant,
  defaultPrompts,
  type SuggestedPrompt,
} from "./assistant.ts";
import { closeCard } from "./cards.ts";
import { openThread } from "./open-thread.ts";
import { createPosts } from "./posts.ts";
import { createProgressLines } from "./progress.ts";

/** How a bot shows itself besides its answers. */
export interface SlackLooks {
  /**
   * How a turn shows what it does: `edited`, one message that is changed, or `streamed`, one that grows step by step as
   * Slack's agents do. The latter is for few turns at once: Slack lets a workspace begin 20 a minute, and what a killed
   * process leaves behind can't be found again. Default `edited`.
   */
  readonly progress?: "edited" | "streamed";
  /** What a conversation with the bot alone offers to ask, four at most. Default: what the built-in tasks are for. */
  readonly prompts?: readonly SuggestedPrompt[];
}

/** Of all options those that are about it. */
export const looksOf = ({ progress, prompts }: SlackLooks): SlackLooks => ({
  ...(progress && { progress }),
  ...(prompts && { prompts }),
});

/** All that goes to Slack. */
export interface Outgoing
  extends AsyncDisposable, Pick<Adapter, "post" | "findPost" | "showProgress"> {
  readonly openThread: NonNullable<Adapter["openThread"]>;
  readonly closeApproval: NonNullable<Adapter["closeApproval"]>;
  readonly assistant: Assistant;
  /** Looks at what comes in on its way: who speaks, and what a conversation is about. */
  watching(inbound: Inbound): Inbound;
}

export function createOutgoing({
  apiFor,
  botId,
  clock,
  log,
  progress = "edited",
  prompts = defaultPrompts,
}: SlackLooks & {
  readonly apiFor: (teamId: string) => SlackApi;
  readonly botId: (teamId: string, options: { readonly signal: AbortSignal }) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}): Outgoing {
  const posts = createPosts({ apiFor, botId, clock });
  const speakers = new Map<string, string>();
  const recipientOf = (thread: ThreadRef): string | undefined => speakers.get(threadId(thread));
  const lines = createProgressLines({ apiFor, botId, clock, log, style: progress, recipientOf });
  const assistant = createAssistant({ apiFor, prompts, log });
  const look = ({ thread, actor, text }: Message): void => {
    const id = threadId(thread);
    speakers.delete(id);
    speakers.set(id, actor.id);
    const [oldest] = speakers.keys();
    if (speakers.size > maxSpeakers && oldest !== undefined) speakers.delete(oldest);
    assistant.said({ thread, text });
  };
  return {
    post: (post, given) => posts.send(post, given),
    findPost: (thread, key, given) => posts.find(thread, key, given),
    async openThread(opening, { signal }) {
      const { workspace } = opening.channel;
      const given = { api: apiFor(workspace), botId: await botId(workspace, { signal }), signal };
      return openThread(opening, given);
    },
    showProgress: (thread, shown, given) => lines.show(thread, shown, given),
    closeApproval: (thread, outcome, { signal }) =>
      closeCard(thread, outcome, { api: apiFor(thread.workspace), log, signal }),
    assistant,
    watching: (inbound) => ({
      ...inbound,
      async receive(message) {
        const received = await inbound.receive(message);
        if (received.status === "accepted") look(message);
        return received;
      },
    }),
    async [Symbol.asyncDispose]() {
      await Promise.all([lines[Symbol.asyncDispose](), assistant[Symbol.asyncDispose]()]);
    },
  };
}

const maxSpeakers = 10_000;
