import { channelTypes } from "./channel-types.ts";
import { buttonsOf, idsOf, shownFiles, textsOf } from "./components.ts";
import type { DiscordEvents } from "./events.ts";
import type { TwinInteraction } from "./interactions.ts";
import { componentsV2 } from "./message-body.ts";
import { beforeChange, checkMayPost, mentionsIn, postMessage } from "./post-message.ts";
import type { DiscordState, TwinChannel, TwinMessage } from "./state.ts";
import { openThread } from "./threads.ts";

/** Where something was said. `thread` is the thread's own id, which for one that begins at a message is that message's. */
export interface DiscordPlace {
  readonly channel: string;
  readonly thread: string;
  /** The message. */
  readonly id: string;
}

/** A message as a person reads it. */
export interface SeenDiscordMessage {
  readonly id: string;
  readonly user: string;
  readonly isBot: boolean;
  /** What is shown of it, as it was sent, not as it is drawn. */
  readonly text: string;
  readonly buttons: readonly string[];
  /** Those that are shown. */
  readonly files: readonly {
    readonly id: string;
    readonly name: string;
    readonly description?: string;
    readonly bytes: Buffer;
  }[];
  readonly flags: number;
  /** Whom it called. */
  readonly calls: readonly string[];
  readonly reactions: readonly string[];
  readonly isEdited: boolean;
  readonly componentIds: readonly number[];
}

export interface SaidOnDiscord {
  readonly text: string;
  /** A channel's id; default that of `#ops`. */
  readonly channel?: string;
  readonly thread?: string;
  readonly user?: string;
  /** Puts the bot's name before it. */
  readonly mention?: boolean;
  readonly replyTo?: string;
  /** Whether who is replied to is called. Default true. */
  readonly ping?: boolean;
  readonly stickers?: readonly string[];
  readonly poll?: { readonly question: string; readonly answers: readonly string[] };
  /** Shows a message of another place as it was said there, in the place of words of one's own. */
  readonly forwards?: DiscordPlace;
  readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** The person at the other end: writes, attaches, marks and looks. */
export interface DiscordPerson {
  /** Writes in a channel or a thread. Where a message has no thread yet, one is opened on it first, as one must. */
  say(said: SaidOnDiscord): DiscordPlace;
  /** Writes to the bot alone. */
  sayDirectly(said: Omit<SaidOnDiscord, "channel" | "thread" | "mention">): DiscordPlace;
  /** Opens a thread that begins at no message. */
  openThread(opening: {
    readonly name: string;
    readonly channel?: string;
    readonly user?: string;
    readonly isPrivate?: boolean;
  }): Pick<DiscordPlace, "channel" | "thread">;
  /** Opens a post in the forum. */
  sayInForum(
    said: Pick<SaidOnDiscord, "text" | "user" | "mention"> & {
      readonly title: string;
      /** Default that of `help`. */
      readonly forum?: string;
    },
  ): DiscordPlace;
  edit(place: DiscordPlace, text: string): void;
  remove(place: DiscordPlace): void;
  react(place: DiscordPlace, emoji: string, user?: string): void;
  /** The messages of a thread, oldest first: where it begins, replies to that, and what is in it. */
  thread(place: Pick<DiscordPlace, "channel" | "thread">): readonly SeenDiscordMessage[];
  /** What the bot told one person alone, in a channel or a thread, and in their direct messages. */
  whispers(user: string): readonly string[];
}

export function discordPerson({
  state,
  events,
  interactions,
}: {
  readonly state: DiscordState;
  readonly events: DiscordEvents;
  readonly interactions: () => readonly TwinInteraction[];
}): DiscordPerson {
  const side = { state, events };
  const ops = [...state.guild.channels.values()][0]?.id ?? "";
  const channelOf = (id: string): TwinChannel => {
    const channel = state.channel(id);
    if (!channel) throw new TypeError(`No channel ${id}`);
    return channel;
  };
  const messageOf = ({ channel, thread, id }: DiscordPlace): TwinMessage => {
    const found = [thread, channel]
      .flatMap((where) => state.channel(where)?.messages ?? [])
      .find((message) => message.id === id);
    if (!found) throw new TypeError(`No message ${id}`);
    return found;
  };
  const write = (
    channel: TwinChannel,
    said: Omit<SaidOnDiscord, "channel" | "thread">,
    id?: string,
  ): TwinMessage => {
    const { text, user = "person", mention = false, files = [], replyTo, ping = true } = said;
    const { stickers, poll, forwards } = said;
    // Makes an ordinary member of whoever is not one yet.
    if (channel.guildId !== undefined) state.may(user, channel, "VIEW_CHANNEL");
    if (channel.thread) checkMayPost(state, user, channel);
    const given = {
      author: user,
      ...((stickers ?? poll ?? forwards) && {
        more: {
          ...(stickers && { stickers }),
          ...(poll && { poll }),
          ...(forwards && { forwards: messageOf(forwards) }),
        },
      }),
      body: {
        content: (mention ? `<@${state.botId}> ` : "") + text,
        components: undefined,
        embeds: undefined,
        flags: 0,
        nonce: undefined,
        enforcesNonce: false,
        replyTo,
        mayReplyToNothing: false,
        callsReplied: ping,
        files: files.map(({ name, bytes }) => ({
          name,
          mediaType: "application/octet-stream",
          bytes: Buffer.from(bytes),
        })),
        calls: undefined,
        calledUsers: [],
      },
    };
    return postMessage(side, channel, given, id === undefined ? {} : { id });
  };
  return {
    say({ channel = ops, thread, ...said }) {
      if (thread === undefined) {
        const { id } = write(channelOf(channel), said);
        return { channel, thread: id, id };
      }
      const where =
        state.channel(thread) ??
        openThread(side, channelOf(channel), {
          id: thread,
          name: "talk",
          owner: said.user ?? "person",
        });
      return { channel, thread, id: write(where, said).id };
    },
    sayDirectly(said) {
      const channel = state.directWith(said.user ?? "person");
      return { channel: channel.id, thread: channel.id, id: write(channel, said).id };
    },
    openThread({ name, channel = ops, user: owner = "person", isPrivate = false }) {
      const parent = channelOf(channel);
      state.may(owner, parent, "VIEW_CHANNEL");
      return { channel, thread: openThread(side, parent, { name, owner, isPrivate }).id };
    },
    sayInForum({ title, forum: id, ...said }) {
      const forum = [...state.guild.channels.values()].find((each) =>
        id === undefined ? each.type === channelTypes.forum : each.id === id,
      );
      const owner = said.user ?? "person";
      if (!forum) throw new TypeError("No forum");
      state.may(owner, forum, "VIEW_CHANNEL");
      const thread = openThread(side, forum, { name: title, owner });
      const { id: first } = write(thread, said, thread.id);
      return { channel: forum.id, thread: thread.id, id: first };
    },
    edit(place, text) {
      const message = messageOf(place);
      beforeChange(message, state);
      const replied = message.mentions.filter((id) => !mentionsIn(message.content).includes(id));
      message.content = text;
      message.mentions = [...mentionsIn(text), ...replied];
      events.updated(message);
    },
    remove(place) {
      const message = messageOf(place);
      const { messages } = channelOf(message.channelId);
      messages.splice(messages.indexOf(message), 1);
      state.deleted.push({ message, at: state.clock.now() });
      events.deleted(message);
    },
    react(place, emoji, user = "person") {
      const message = messageOf(place);
      message.reactions.set(emoji, (message.reactions.get(emoji) ?? new Set()).add(user));
      events.reacted(message, { user, emoji });
    },
    thread({ channel, thread }) {
      const parent = channel === thread ? [] : channelOf(channel).messages;
      return [
        ...parent.filter(({ id, replyTo }) => id === thread || replyTo === thread),
        ...(state.channel(thread)?.messages ?? []),
      ]
        .filter(({ onlyFor }) => onlyFor === undefined)
        .map((message) => seen(message, state));
    },
    whispers(user) {
      const direct = [...state.direct.values()]
        .filter(({ recipient }) => recipient === user)
        .flatMap(({ messages }) => messages.filter(({ authorId }) => authorId === state.botId));
      const alone = interactions().flatMap(({ original }) => (original ? [original] : []));
      const channels = state.guildChannels().flatMap(({ messages }) => messages);
      return [...new Set([...channels, ...alone])]
        .filter(({ onlyFor }) => onlyFor === user)
        .concat(direct)
        .map((message) => seen(message, state).text);
    },
  };
}

function seen(message: TwinMessage, { botId }: DiscordState): SeenDiscordMessage {
  const { id, authorId, content, components, files, flags, calls, reactions, editedAt } = message;
  const isV2 = (flags & componentsV2) !== 0;
  const shown = isV2 ? shownFiles(components) : files.map(({ name }) => name);
  return {
    id,
    user: authorId,
    isBot: authorId === botId,
    text: isV2 ? textsOf(components).join("\n") : content,
    buttons: buttonsOf(components).map(({ label }) => label),
    files: files.filter(({ name }) => shown.includes(name)),
    flags,
    calls,
    reactions: [...reactions].flatMap(([emoji, people]) => (people.size > 0 ? [emoji] : [])),
    isEdited: editedAt !== undefined,
    componentIds: idsOf(components),
  };
}
