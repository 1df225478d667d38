import { z } from "zod";

import { snowflake } from "./snowflake.ts";

/** A file of a message. */
export const File = z.object({
  id: snowflake,
  filename: z.string(),
  size: z.number().int().nonnegative().optional(),
  content_type: z.string().nullish(),
});

/** What a message has besides words: https://discord.com/developers/docs/resources/message#message-object */
export const Wordless = {
  sticker_items: z
    .array(z.object({ name: z.string() }))
    .default([])
    .catch([]),
  poll: z
    .object({
      question: z.object({ text: z.string().default("") }),
      answers: z.array(z.object({ poll_media: z.object({ text: z.string().default("") }) })),
    })
    .nullish()
    .catch(undefined),
  message_snapshots: z
    .array(
      z.object({
        message: z.object({
          content: z.string().default(""),
          attachments: z.array(File).default([]),
        }),
      }),
    )
    .default([])
    .catch([]),
};
const Parsed = z.object(Wordless);

/** What is forwarded, asked in a poll or meant by stickers, in words; empty where there is nothing of that. */
export function wordsFor({
  sticker_items,
  poll,
  message_snapshots,
}: z.infer<typeof Parsed>): string {
  return [
    ...message_snapshots.map(({ message }) => `Forwarded:\n${cited(message.content)}`),
    ...(poll
      ? [
          [
            `Poll: ${poll.question.text}`,
            ...poll.answers.map(({ poll_media: { text } }) => `- ${text}`),
          ].join("\n"),
        ]
      : []),
    ...sticker_items.map(({ name }) => `(sticker: ${name})`),
  ].join("\n");
}

/** Somebody else's words. */
export const cited = (text: string): string =>
  text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
