import type { Transcript, TranscriptMessage, TranscriptThread } from "../transcript.ts";
import { blocksHtml, buttonsOf } from "./blocks.ts";
import type { Happened } from "./history.ts";
import { mrkdwnHtml, plainHtml } from "./mrkdwn-html.ts";
import type { SlackChannel, SlackMessage, SlackWorkspace } from "./workspace.ts";

/** All that happened in a workspace, thread by thread. */
export function slackTranscript(
  { channels, bot }: SlackWorkspace,
  { happened, title }: { readonly happened: readonly Happened[]; readonly title: string },
): Transcript {
  const threads = new Map<string, { place: string; messages: TranscriptMessage[] }>();
  const threadOf = (channel: SlackChannel, thread: string): TranscriptMessage[] => {
    const id = `${channel.id}:${thread}`;
    const known = threads.get(id) ?? { place: placeOf(channel), messages: [] };
    threads.set(id, known);
    return known.messages;
  };
  for (const first of happened) {
    const { channel } = first;
    if (first.type === "posted") {
      const { message } = first;
      const shown = messageOf(message, { happened, channel, bot, at: first.at });
      threadOf(channel, message.thread_ts ?? message.ts).push(shown);
    }
    if (first.type === "pressed") {
      const { message, user, label, at } = first;
      const html = `pressed <b>${plainHtml(label)}</b>`;
      threadOf(channel, message.thread_ts ?? message.ts).push({
        ...empty,
        author: user,
        at,
        html,
        isDeed: true,
      });
    }
  }
  for (const channel of channels.values())
    for (const { user, text, thread, at = 0 } of channel.ephemerals)
      threadOf(channel, thread ?? "").push({
        ...empty,
        author: "opsthread",
        isBot: true,
        at,
        html: mrkdwnHtml(text),
        notes: [`only visible to ${user}`],
      });
  return { title, threads: [...threads.values()].map(inOrder) };
}

const empty = { isBot: false, notes: [], buttons: [], files: [], reactions: [] } as const;

/** What is posted in one millisecond stays in its order. */
const inOrder = ({ place, messages }: TranscriptThread): TranscriptThread => ({
  place,
  messages: messages.toSorted((one, other) => one.at - other.at),
});

const placeOf = ({ name, id, type }: SlackChannel): string =>
  type === "im" ? `direct message ${id}` : `#${name}`;

/** A message with all that became of it. */
function messageOf(
  posted: SlackMessage,
  {
    happened,
    channel,
    bot,
    at,
  }: {
    readonly happened: readonly Happened[];
    readonly channel: SlackChannel;
    readonly bot: SlackWorkspace["bot"];
    readonly at: number;
  },
): TranscriptMessage {
  const mine = happened.filter((each) => each.channel === channel && tsOf(each) === posted.ts);
  const versions = mine.flatMap((each) =>
    each.type === "posted" || each.type === "changed" ? [each] : [],
  );
  const last = versions.at(-1)?.message ?? posted;
  const edits = versions.length - 1;
  const isDeleted = mine.some(({ type }) => type === "deleted");
  return {
    author: posted.bot_id === bot.botId ? "opsthread" : posted.user,
    isBot: posted.bot_id !== undefined,
    at,
    html: contentHtml(last, bot),
    notes: [
      ...(edits > 0 ? [edits === 1 ? "edited" : `edited ${edits} times`] : []),
      ...(isDeleted ? ["deleted"] : []),
    ],
    buttons: buttonsOf(last.blocks ?? []).map(({ text, style }) => ({
      label: text.text,
      ...(style && { style }),
    })),
    files: (last.files ?? []).map(({ name, mimetype, bytes }) => ({
      name,
      mediaType: mimetype,
      bytes,
    })),
    reactions: mine.flatMap((each) => (each.type === "reacted" ? [`:${each.name}:`] : [])),
    earlier: versions
      .slice(0, -1)
      .slice(-maxEarlier)
      .map((each) => ({ at: each.at, html: contentHtml(each.message, bot) })),
  };
}

const maxEarlier = 20;
const contentHtml = ({ blocks, text }: SlackMessage, { userId }: SlackWorkspace["bot"]): string =>
  blocks
    ? blocksHtml(blocks)
    : mrkdwnHtml(text.replaceAll(`<@${userId}>`, `<@${userId}|opsthread>`));

function tsOf(each: Happened): string | undefined {
  switch (each.type) {
    case "posted":
    case "changed":
      return each.message.ts;
    case "deleted":
    case "reacted":
      return each.ts;
    case "pressed":
      return undefined;
  }
}
