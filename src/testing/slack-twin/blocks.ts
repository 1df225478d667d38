import { z } from "zod";

import { mrkdwnHtml, plainHtml } from "./mrkdwn-html.ts";
import { Refusal } from "./refusal.ts";

/** What Slack takes as the blocks of a message, of those kinds that a bot without forms uses. */
export function checkBlocks(given: unknown): readonly unknown[] {
  if (Array.isArray(given) && given.length > maxBlocks) throw new Refusal("msg_blocks_too_many");
  const parsed = z.array(Block).min(1).safeParse(given);
  if (!parsed.success)
    throw new Refusal("invalid_blocks", {
      response_metadata: {
        messages: parsed.error.issues.map(
          ({ message, path }) => `[ERROR] ${message} [json-pointer:/blocks/${path.join("/")}]`,
        ),
      },
    });
  // Undocumented; seen between 11,300 and 13,200. https://github.com/slackapi/bolt-js/issues/2867
  if (textsOf(parsed.data).join("").length > maxText) throw new Refusal("msg_blocks_too_long");
  const actions = parsed.data.flatMap((block) => (block.type === "actions" ? block.elements : []));
  if (new Set(actions.map(({ action_id }) => action_id)).size < actions.length)
    throw new Refusal("invalid_blocks");
  return parsed.data;
}

const maxBlocks = 50;
const maxText = 12_000;

/** All that is there to be read. */
export function textsOf(blocks: readonly unknown[]): readonly string[] {
  return z
    .array(Block)
    .parse(blocks)
    .flatMap((block): readonly string[] => {
      switch (block.type) {
        case "section":
          return [block.text?.text ?? "", ...(block.fields ?? []).map((field) => field.text)];
        case "header":
          return [block.text.text];
        case "markdown":
          return [block.text];
        case "context":
          return block.elements.map(({ text }) => text);
        case "image":
          return [block.alt_text];
        case "actions":
        case "divider":
          return [];
      }
    });
}

/** As Slack draws it; buttons apart. */
export function blocksHtml(blocks: readonly unknown[]): string {
  return z
    .array(Block)
    .parse(blocks)
    .map((block): string => {
      switch (block.type) {
        case "section":
          return [block.text ?? [], block.fields ?? []]
            .flat()
            .map((each) => `<div class="section">${textHtml(each)}</div>`)
            .join("");
        case "header":
          return `<h3>${textHtml(block.text)}</h3>`;
        case "markdown":
          return `<p>${plainHtml(block.text)}</p>`;
        case "context":
          return `<div class="context">${block.elements.map(textHtml).join(" ")}</div>`;
        case "divider":
          return "<hr>";
        case "image":
          return `<p>🖼 ${plainHtml(block.alt_text)}</p>`;
        case "actions":
          return "";
      }
    })
    .join("");
}

const textHtml = ({ type, text }: { readonly type: string; readonly text: string }): string =>
  type === "mrkdwn" ? mrkdwnHtml(text) : plainHtml(text);

/** The buttons of a message. */
export function buttonsOf(blocks: readonly unknown[]): readonly z.infer<typeof Button>[] {
  return z
    .array(Block)
    .parse(blocks)
    .flatMap((block) => (block.type === "actions" ? block.elements : []));
}

const block_id = z.string().max(255).optional();
const text = (max: number) =>
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("mrkdwn"),
      text: z.string().min(1).max(max),
      verbatim: z.boolean().optional(),
    }),
    z.strictObject({
      type: z.literal("plain_text"),
      text: z.string().min(1).max(max),
      emoji: z.boolean().optional(),
    }),
  ]);
const plain = (max: number) =>
  z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });

const Button = z.strictObject({
  type: z.literal("button"),
  text: plain(75),
  action_id: z.string().min(1).max(255),
  value: z.string().max(2000).optional(),
  style: z.enum(["primary", "danger"]).optional(),
});

const Block = z.discriminatedUnion("type", [
  z
    .strictObject({
      type: z.literal("section"),
      text: text(3000).optional(),
      fields: z.array(text(2000)).min(1).max(10).optional(),
      expand: z.boolean().optional(),
      block_id,
    })
    .refine(({ text: given, fields }) => given ?? fields, "missing required field: text"),
  z
    .strictObject({
      type: z.literal("image"),
      image_url: z.url().max(3000).optional(),
      slack_file: z.strictObject({ id: z.string() }).optional(),
      alt_text: z.string().min(1).max(2000),
      title: plain(2000).optional(),
      block_id,
    })
    .refine((image) => (image.image_url === undefined) !== (image.slack_file === undefined)),
  z.strictObject({ type: z.literal("header"), text: plain(150), block_id }),
  z.strictObject({ type: z.literal("divider"), block_id }),
  z.strictObject({ type: z.literal("markdown"), text: z.string().min(1).max(12_000), block_id }),
  z.strictObject({
    type: z.literal("context"),
    elements: z.array(text(3000)).min(1).max(10),
    block_id,
  }),
  z.strictObject({
    type: z.literal("actions"),
    elements: z.array(Button).min(1).max(25),
    block_id,
  }),
]);
