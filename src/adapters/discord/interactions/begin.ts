import { messageOf } from "../../../core/errors.ts";
import type { Message } from "../../../core/message.ts";
import { threadAt } from "../channels.ts";
import { fileIdOf } from "../download.ts";
import { text } from "../layout.ts";
import { escaped } from "../markdown.ts";
import { beneath } from "../places.ts";
import { quiet } from "../posts.ts";
import { cited } from "../wordless.ts";
import { type Context, said } from "./context.ts";
import type { Interaction } from "./payload.ts";
import type { Reply } from "./reply.ts";

/** Says for everybody what was asked: the thread opens on that. In a thread, that goes on. */
export async function begin(
  interaction: Interaction,
  { words, attachments }: Pick<Message, "attachments"> & { readonly words: string },
  reply: Reply,
  { receiver, places, trouble, log }: Context,
): Promise<void> {
  const { channelId, facts, actor } = interaction;
  const messageId = await reply.say([text(quoted(actor.id, words))]);
  if (messageId === undefined) return log.warn({}, "Discord did not tell where it put a command");
  const thread = threadAt({ channelId, messageId }, facts);
  if (thread.thread === messageId) places.begins(thread, words);
  trouble.asked(thread, actor.id);
  const received = await receiver.bring({
    ...said(interaction, thread),
    kind: "command",
    text: words,
    attachments,
  });
  if (received.status === "denied") await reply.whisper(received.reason);
}

/** The question about a message goes into that message's thread. */
export async function askedAbout(
  interaction: Interaction,
  { question, about }: { readonly question: string; readonly about: string },
  reply: Reply,
  { api, receiver, places, trouble, targets, log, signal }: Context,
): Promise<void> {
  const { channelId, facts, actor } = interaction;
  const target = targets.get(about);
  if (!target)
    return reply.whisper("That took too long: the message is no longer known. Please ask again");
  const thread = threadAt({ channelId, messageId: about }, facts);
  const attachments = target.files.map(({ id, filename, size, content_type }) => ({
    id: fileIdOf({ channelId, messageId: about }, id),
    name: filename || id,
    ...(content_type && { mediaType: content_type }),
    ...(size !== undefined && { bytes: size }),
  }));
  const beginsThread = thread.thread === about && channelId !== about && !target.hasThread;
  if (beginsThread) places.begins(thread, question);
  trouble.asked(thread, actor.id);
  await reply.whisper([text(`The answer comes in <#${thread.thread}>.`)]);
  // For the others in the thread; what it is about stands above. Where that can't be, the answer tells what is wrong.
  await places
    .at(
      thread,
      (place) =>
        api.call("POST", `/channels/${place.channelId}/messages`, {
          body: {
            ...quiet,
            components: [text(quoted(actor.id, question))],
            ...beneath(place),
          },
          signal,
        }),
      { signal },
    )
    .catch((error: unknown) => log.debug({ error: messageOf(error) }, "A question was not shown"));
  const received = await receiver.bring({
    ...said(interaction, thread),
    kind: "command",
    text: `${question}\n\nAbout this message of ${target.author}:\n${cited(target.content)}`,
    attachments,
  });
  if (received.status === "denied") await reply.whisper(received.reason);
}

/** Who asks what, as a message shows it: of what is very long, the beginning. */
function quoted(user: string, words: string): string {
  const lines = escaped(words === "" ? "(files)" : words).split("\n");
  let shown = `<@${user}> asks:`;
  for (const line of lines) {
    const room = maxShown - shown.length;
    const isWhole = line.length + 3 <= room;
    if (room > 10)
      shown += `\n> ${
        isWhole
          ? line
          : `${Array.from(line)
              .slice(0, (room - 4) / 2)
              .join("")}…`
      }`;
    if (!isWhole) break;
  }
  return shown;
}

/** Of the 4,000 letters of a message. */
const maxShown = 3800;
