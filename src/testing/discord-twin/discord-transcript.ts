import type { Transcript, TranscriptMessage, TranscriptThread } from "../transcript.ts";
import { buttonsOf, textsOf } from "./components.ts";
import type { TwinInteraction } from "./interactions.ts";
import { discordHtml } from "./markdown-html.ts";
import { componentsV2 } from "./message-body.ts";
import { givenAt } from "./snowflake.ts";
import type { DiscordState, TwinChannel, TwinMessage } from "./state.ts";

/** All that happened, thread by thread, each beneath the message that it begins at. */
export function discordTranscript(
  state: DiscordState,
  {
    interactions,
    title,
  }: { readonly interactions: readonly TwinInteraction[]; readonly title: string },
): Transcript {
  const deleted = new Map(state.deleted.map(({ message }) => [message.id, message]));
  const inChannel = ({ id, messages }: TwinChannel): readonly TwinMessage[] => [
    ...messages,
    ...[...deleted.values()].filter(({ channelId }) => channelId === id),
  ];
  const shown = (message: TwinMessage): TranscriptMessage =>
    messageOf(message, { state, isDeleted: deleted.has(message.id) });
  const channels = [...state.guildChannels(), ...state.direct.values()];
  const threads = channels.filter(({ thread }) => thread !== undefined);
  const began = new Set(threads.map(({ id }) => id));
  const placed = channels.map((channel): TranscriptThread => {
    const parent = channels.find(({ id }) => id === channel.parentId);
    const first = parent?.messages.find(({ id }) => id === channel.id);
    const messages = inChannel(channel).filter(({ id }) => channel.thread || !began.has(id));
    const deeds = interactions.flatMap((each) =>
      each.channelId === channel.id ? deedOf(each) : [],
    );
    return {
      place: placeOf(channel, parent),
      messages: [...(first ? [first] : []), ...messages]
        .map(shown)
        .concat(deeds)
        .toSorted((a, b) => a.at - b.at),
    };
  });
  return { title, threads: placed.filter(({ messages }) => messages.length > 0) };
}

const placeOf = ({ name, recipient }: TwinChannel, parent: TwinChannel | undefined): string =>
  recipient === undefined ? (parent ? `#${parent.name} › ${name}` : `#${name}`) : `@${recipient}`;

/** A press leaves nothing behind that one could see otherwise. */
function deedOf({ id, user, label }: TwinInteraction): readonly TranscriptMessage[] {
  if (label === undefined) return [];
  const html = `pressed <b>${discordHtml(label, (each) => each)}</b>`;
  return [{ ...empty, author: user, at: givenAt(id), html, isDeed: true }];
}

const empty = { isBot: false, notes: [], buttons: [], files: [], reactions: [] } as const;

function messageOf(
  message: TwinMessage,
  { state, isDeleted }: { readonly state: DiscordState; readonly isDeleted: boolean },
): TranscriptMessage {
  const { id, authorId, files, reactions, earlier, onlyFor, components } = message;
  const nameOf = (user: string): string => (user === state.botId ? "Opsthread" : user);
  const html = (each: Pick<TwinMessage, "content" | "components">): string =>
    discordHtml(
      (message.flags & componentsV2) === 0
        ? [each.content, ...wordsOf(message)].filter((text) => text !== "").join("\n")
        : textsOf(each.components).join("\n"),
      nameOf,
    );
  return {
    author: nameOf(authorId),
    isBot: authorId === state.botId,
    at: givenAt(id),
    html: framed(message.components, html(message)),
    notes: [
      ...(earlier.length > 0
        ? [earlier.length === 1 ? "edited" : `edited ${earlier.length} times`]
        : []),
      ...(isDeleted ? ["deleted"] : []),
      ...(onlyFor === undefined ? [] : [`only visible to ${onlyFor}`]),
    ],
    buttons: buttonsOf(components).map(({ label, style }) => ({ label, ...(style && { style }) })),
    files: files.map(({ name, mediaType, bytes }) => ({ name, mediaType, bytes })),
    reactions: [...reactions].map(([emoji, people]) => `${emoji} ${people.size}`),
    earlier: earlier.slice(-maxEarlier).map((each) => ({ at: each.at, html: html(each) })),
  };
}

const maxEarlier = 20;

/** Of what has no words. */
function wordsOf({ more: { stickers = [], poll, forwards } = {} }: TwinMessage): readonly string[] {
  return [
    ...stickers.map((name) => `(${name})`),
    ...(poll ? [`**${poll.question}**`, ...poll.answers.map((text) => `- ${text}`)] : []),
    ...(forwards ? forwards.content.split("\n").map((line) => `> ${line}`) : []),
  ];
}

/** What stands in a frame, with its colour at the side. */
function framed(components: readonly unknown[], html: string): string {
  const color = components.map(accentOf).find((each) => each !== undefined);
  if (color === undefined) return html;
  const hex = color.toString(16).padStart(6, "0");
  return `<div style="border-left:4px solid #${hex};padding-left:10px">${html}</div>`;
}

function accentOf(component: unknown): number | undefined {
  if (typeof component !== "object" || component === null) return undefined;
  const color: unknown = Reflect.get(component, "accent_color");
  return typeof color === "number" ? color : undefined;
}
