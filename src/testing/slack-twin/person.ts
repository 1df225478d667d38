import { buttonsOf, textsOf } from "./blocks.ts";
import type { SlackEvents } from "./events.ts";
import { reacted } from "./reactions.ts";
import { type SlackMessage, type SlackWorkspace, threadOf } from "./workspace.ts";

/** Where something was said: `thread` is the message that begins the conversation. */
export interface SlackPlace {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string;
}

/** A message as a person reads it. */
export interface SeenMessage {
  readonly ts: string;
  readonly user: string;
  readonly isBot: boolean;
  /** Of the blocks, where there are any; as it was sent, not as it is drawn. */
  readonly text: string;
  readonly buttons: readonly string[];
  readonly files: readonly { readonly id: string; readonly name: string; readonly bytes: Buffer }[];
  readonly metadata?: SlackMessage["metadata"];
  /** Whether links in it show more than themselves. */
  readonly unfurls: boolean;
}

/** The person at the other end: writes, attaches, presses and looks. */
export interface SlackPerson {
  /** Writes in a channel, a thread, or to the bot alone. `text` is what is typed; `mention` puts the bot's name before it. */
  say(said: {
    readonly text: string;
    readonly channel?: string;
    readonly thread?: string;
    readonly user?: string;
    readonly mention?: boolean;
    readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  }): SlackPlace;
  /** Opens a conversation with the bot alone, before anything is said in it. */
  openAssistant(opened?: { readonly user?: string }): SlackPlace;
  /** Presses the button with this label. */
  press(pressed: {
    readonly channel: string;
    readonly ts: string;
    readonly label: string;
    readonly user?: string;
  }): void;
  /** Changes what was said. */
  edit(place: Pick<SlackPlace, "channel" | "ts">, text: string): void;
  /** Takes back what was said. One with replies leaves its place behind. */
  remove(place: Pick<SlackPlace, "channel" | "ts">): void;
  /** Slack shows more of a link in a message: for the app that looks like an edit. */
  unfurl(place: Pick<SlackPlace, "channel" | "ts">): void;
  /** Puts an emoji beneath a message. */
  react(
    place: Pick<SlackPlace, "channel" | "ts">,
    options: { readonly name: string; readonly user?: string },
  ): void;
  /** The messages of a thread, oldest first. */
  thread(place: { readonly channel: string; readonly thread: string }): readonly SeenMessage[];
  /** All messages of a channel, as Slack keeps them. */
  channel(id: string): readonly SlackMessage[];
  /** What the bot told one person alone. */
  whispers(place: { readonly channel: string; readonly thread: string }): readonly string[];
}

export function slackPerson(workspace: SlackWorkspace, events: SlackEvents): SlackPerson {
  const channelOf = (id: string) => {
    const channel = workspace.channels.get(id);
    if (!channel) throw new TypeError(`No channel ${id}`);
    return channel;
  };
  const messageAt = ({ channel: id, ts }: Pick<SlackPlace, "channel" | "ts">) => {
    const channel = channelOf(id);
    const at = channel.messages.findIndex((each) => each.ts === ts);
    const message = channel.messages[at];
    if (!message) throw new TypeError(`No message ${ts}`);
    return [channel, at, message] as const;
  };
  return {
    say({
      text,
      channel: id = "C0OPS0001",
      thread,
      user = "U0PERSON1",
      mention = false,
      files = [],
    }) {
      const channel = channelOf(id);
      const kept = files.map(({ name, bytes }) => ({
        id: workspace.nextId("F"),
        name,
        mimetype: "text/plain",
        bytes: Buffer.from(bytes),
      }));
      for (const file of kept) workspace.files.set(file.id, file);
      const message: SlackMessage = {
        ts: workspace.nextTs(),
        user,
        text: (mention ? `<@${workspace.bot.userId}> ` : "") + encoded(text),
        ...(thread !== undefined && { thread_ts: thread }),
        ...(kept.length > 0 && { files: kept }),
      };
      channel.messages.push(message);
      events.posted(channel, message);
      return { channel: id, ts: message.ts, thread: thread ?? message.ts };
    },
    openAssistant({ user = "U0PERSON1" } = {}) {
      const channel = channelOf("D0DIRECT1");
      const { userId, botId, appId } = workspace.bot;
      const ts = workspace.nextTs();
      const text = "New conversation";
      channel.messages.push({ ts, user: userId, bot_id: botId, app_id: appId, text });
      events.assistantOpened(channel, { user, thread: ts });
      return { channel: channel.id, ts, thread: ts };
    },
    press({ channel: id, ts, label, user = "U0PERSON1" }) {
      const channel = channelOf(id);
      const message = channel.messages.find((each) => each.ts === ts);
      const action = buttonsOf(message?.blocks ?? []).find(({ text }) => text.text === label);
      if (!message || !action) throw new TypeError(`No button "${label}"`);
      events.pressed(channel, { user, message, action });
    },
    edit(place, text) {
      const [channel, at, before] = messageAt(place);
      const named = before.text.startsWith(`<@${workspace.bot.userId}> `);
      const now = named ? `<@${workspace.bot.userId}> ${encoded(text)}` : encoded(text);
      channel.messages[at] = { ...before, text: now };
      events.changed(channel, { ...before, text: now }, before);
    },
    remove(place) {
      const [channel, at, before] = messageAt(place);
      const hasReplies = channel.messages.some(({ thread_ts }) => thread_ts === before.ts);
      if (hasReplies) {
        const { files: _, ...rest } = before;
        const left = { ...rest, text: "This message was deleted.", subtype: "tombstone" };
        channel.messages[at] = left;
        return events.changed(channel, { ...left, user: "USLACKBOT" }, before);
      }
      channel.messages.splice(at, 1);
      events.deleted(channel, before.ts, before);
    },
    unfurl(place) {
      const [channel, , before] = messageAt(place);
      events.changed(channel, before, before);
    },
    react(place, { name, user = "U0PERSON1" }) {
      const [channel, at, message] = messageAt(place);
      reacted(channel, at, { name, user });
      events.reacted(channel, { user, name, message });
    },
    thread: (place) => threadOf(channelOf(place.channel), place.thread).map(seen),
    channel: (id) => channelOf(id).messages,
    whispers: (place) =>
      channelOf(place.channel)
        .ephemerals.filter(({ thread }) => thread === place.thread)
        .map(({ text }) => text),
  };
}

/** As Slack keeps what was typed. https://docs.slack.dev/messaging/formatting-message-text/#escaping */
const encoded = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function seen({
  ts,
  user,
  bot_id,
  text,
  blocks,
  files = [],
  metadata,
  unfurls = true,
}: SlackMessage): SeenMessage {
  return {
    ts,
    user,
    isBot: bot_id !== undefined,
    text: blocks ? textsOf(blocks).join("\n") : text,
    buttons: buttonsOf(blocks ?? []).map((button) => button.text.text),
    files: files.map(({ id, name, bytes }) => ({ id, name, bytes })),
    ...(metadata && { metadata }),
    unfurls,
  };
}
