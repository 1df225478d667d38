import { z } from "zod";

import { isOpsthreadError, messageOf } from "../../../core/errors.ts";
import type { Message } from "../../../core/message.ts";
import { escaped } from "../mrkdwn.ts";
import type { Reception } from "../reception.ts";
import type { SlackWorkspace } from "../workspaces.ts";

/** What somebody asks by other means than a message. */
export interface Question {
  readonly id: string;
  readonly channel: string;
  /** The message beneath which it is asked; undefined for a thread of its own. */
  readonly thread: string | undefined;
  readonly actor: Message["actor"];
  /** As all can see it. */
  readonly shown: string;
  readonly text: string;
  readonly attachments?: Message["attachments"];
}

/**
 * Says in the channel who asks what, and asks it in that thread. Gives the reason, for the person, where it did not work:
 * then nothing was asked.
 */
export async function ask(
  { id, channel, thread: beneath, actor, shown, text, attachments = [] }: Question,
  { reception, workspace }: { readonly reception: Reception; readonly workspace: SlackWorkspace },
): Promise<string | undefined> {
  const { signal, clock, log } = reception;
  const { api, identity } = workspace;
  let said: string | undefined;
  try {
    const line = `<@${actor.id}> asks: ${escaped(shown.slice(0, maxShown))}${shown.length > maxShown ? " …" : ""}`;
    const answer = await api.call(
      "chat.postMessage",
      {
        channel,
        ...(beneath !== undefined && { thread_ts: beneath }),
        text: line,
        blocks: [{ type: "section", text: { type: "mrkdwn", text: line, verbatim: true } }],
        unfurl_links: false,
        unfurl_media: false,
      },
      { signal, waitMs },
    );
    said = z.object({ ts: z.string() }).parse(answer).ts;
    const thread = beneath ?? said;
    const place = { platform: "slack", workspace: identity.teamId, channel, thread };
    await reception.receive(
      { id, thread: place, actor, kind: "command", text, attachments, sentAt: clock.now() },
      workspace,
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ error: messageOf(error) }, "Something was asked in vain");
    // Nobody shall wait for an answer to it.
    if (said !== undefined)
      reception.beside(
        api.call("chat.delete", { channel, ts: said }, { signal, waitMs }),
        "What was asked in vain could not be taken back",
      );
    return reasonOf(error);
  }
}

/** As long as people can be told what became of it. */
const waitMs = 60_000;
/** Characters; Slack takes 3,000 of a section, and escaping makes some of them more. */
const maxShown = 500;

function reasonOf(error: unknown): string {
  const slackError = isOpsthreadError(error) ? error.data["slackError"] : undefined;
  switch (slackError) {
    case "not_in_channel":
    case "channel_not_found":
      return "I am not in this channel. Invite me first: `/invite` and my name.";
    case "is_archived":
      return "This channel is archived.";
    default:
      return isOpsthreadError(error, "ADAPTER_POST_UNKNOWN")
        ? "Slack did not say whether it took this. Look whether it is there, and ask again if not."
        : "This did not work. Ask again in a moment.";
  }
}
