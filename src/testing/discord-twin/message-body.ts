import { z } from "zod";

import { checkComponents, shownFiles } from "./components.ts";
import { type DiscordRefusal, invalidForm, refusals } from "./refusal.ts";
import type { TwinFile } from "./state.ts";

/** The body of a message that is sent or changed, checked. */
export interface MessageBody {
  readonly content: string | undefined;
  readonly components: readonly unknown[] | undefined;
  readonly embeds: readonly unknown[] | undefined;
  readonly flags: number;
  readonly nonce: string | undefined;
  readonly enforcesNonce: boolean;
  readonly replyTo: string | undefined;
  /** Whether it is sent although there is nothing to reply to any more. */
  readonly mayReplyToNothing: boolean;
  readonly files: readonly Omit<TwinFile, "id">[];
  /** Kinds of mentions that call somebody; undefined where the sender did not say. */
  readonly calls: readonly string[] | undefined;
  readonly calledUsers: readonly string[];
  /** Whether who is replied to is called. */
  readonly callsReplied: boolean;
}

export interface SentFile {
  readonly field: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface FileLimits {
  readonly perFile: number;
  readonly perRequest: number;
}

/** https://discord.com/developers/docs/resources/message#create-message */
export function messageBody(
  given: unknown,
  {
    sent,
    limits,
    isV2 = false,
  }: {
    readonly sent: readonly SentFile[];
    readonly limits: FileLimits;
    /** Whether the message that is changed has the flag. */
    readonly isV2?: boolean;
  },
): MessageBody {
  const parsed = Body.safeParse(given ?? {});
  if (!parsed.success) throw formError(parsed.error);
  const { data } = parsed;
  const flags = data.flags ?? 0;
  const v2 = isV2 || (flags & componentsV2) !== 0;
  if (v2 && (data.content || data.embeds?.length))
    throw invalidForm(
      ["content"],
      "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
      "The content and embeds fields cannot be used with components v2",
    );
  const files = filesOf(data.attachments ?? [], { sent, limits });
  const components = data.components && checkComponents(data.components, v2);
  const missing = shownFiles(components ?? []).find(
    (name) => !files.some((file) => file.name === name),
  );
  if (missing !== undefined && !isV2)
    throw invalidForm(
      ["components"],
      "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
      `The attachment "${missing}" was not found`,
    );
  return {
    content: data.content ?? undefined,
    components,
    embeds: data.embeds ?? undefined,
    flags,
    nonce: data.nonce === undefined || data.nonce === null ? undefined : String(data.nonce),
    enforcesNonce: data.enforce_nonce ?? false,
    replyTo: data.message_reference?.message_id,
    mayReplyToNothing: data.message_reference?.fail_if_not_exists === false,
    files,
    calls: data.allowed_mentions?.parse,
    calledUsers: data.allowed_mentions?.users ?? [],
    callsReplied: data.allowed_mentions ? (data.allowed_mentions.replied_user ?? false) : true,
  };
}

export const componentsV2 = 1 << 15;
export const ephemeral = 1 << 6;

function filesOf(
  described: z.infer<typeof Body>["attachments"] & object,
  { sent, limits }: { readonly sent: readonly SentFile[]; readonly limits: FileLimits },
): readonly Omit<TwinFile, "id">[] {
  if (sent.length > 10) throw invalidForm(["attachments"], "BASE_TYPE_MAX_LENGTH", "At most 10");
  if (sent.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) > limits.perRequest)
    throw refusals.tooLarge();
  return sent.map(({ field, name, mediaType, bytes }) => {
    if (bytes.byteLength > limits.perFile) throw refusals.tooLarge();
    // Not documented; Discord's own apps don't send one.
    if (bytes.byteLength === 0)
      throw invalidForm(["attachments"], "FILE_EMPTY", "The file is empty");
    const description = described.find(({ id }) => `files[${id}]` === field)?.description;
    return {
      name: name.replaceAll(/[^A-Za-z0-9._-]/g, "_"),
      mediaType: mediaType === "" ? "application/octet-stream" : mediaType,
      bytes,
      ...(description && { description }),
    };
  });
}

function formError(error: z.ZodError): DiscordRefusal {
  const [issue] = error.issues;
  return invalidForm(
    issue?.path ?? [],
    `BASE_TYPE_${issue?.code.toUpperCase()}`,
    issue?.message ?? "",
  );
}

const embedText = (max: number) => z.string().min(1).max(max);
const Embed = z
  .strictObject({
    title: embedText(256).optional(),
    description: embedText(4096).optional(),
    url: z.string().optional(),
    color: z.number().int().optional(),
    timestamp: z.string().optional(),
    footer: z.strictObject({ text: embedText(2048), icon_url: z.string().optional() }).optional(),
    author: z.strictObject({ name: embedText(256), url: z.string().optional() }).optional(),
    image: z.strictObject({ url: z.string() }).optional(),
    fields: z
      .array(
        z.strictObject({
          name: embedText(256),
          value: embedText(1024),
          inline: z.boolean().optional(),
        }),
      )
      .max(25)
      .optional(),
  })
  .readonly();

const lengthOf = (embeds: readonly z.infer<typeof Embed>[]): number =>
  embeds
    .flatMap(({ title, description, footer, author, fields = [] }) => [
      title,
      description,
      footer?.text,
      author?.name,
      ...fields.flatMap(({ name, value }) => [name, value]),
    ])
    .reduce((sum, text) => sum + (text?.length ?? 0), 0);

/** What nobody knows of is a mistake of the sender: a typing error would go unseen. */
const Body = z.strictObject({
  content: z.string().max(2000).nullish(),
  nonce: z.union([z.string().max(25), z.number().int()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
  tts: z.boolean().nullish(),
  flags: z.number().int().nullish(),
  embeds: z
    .array(Embed)
    .max(10)
    .refine((embeds) => lengthOf(embeds) <= 6000, "Embed size exceeds maximum size of 6000")
    .nullish(),
  components: z.array(z.unknown()).optional(),
  allowed_mentions: z
    .strictObject({
      parse: z.array(z.enum(["roles", "users", "everyone"])).optional(),
      users: z.array(z.string()).max(100).optional(),
      roles: z.array(z.string()).max(100).optional(),
      replied_user: z.boolean().optional(),
    })
    .optional(),
  message_reference: z
    .strictObject({
      type: z.number().int().optional(),
      message_id: z.string(),
      channel_id: z.string().optional(),
      fail_if_not_exists: z.boolean().optional(),
    })
    .optional(),
  attachments: z
    .array(
      z.strictObject({
        id: z.union([z.string(), z.number()]),
        filename: z.string().max(1024).optional(),
        description: z.string().max(1024).optional(),
      }),
    )
    .max(10)
    .optional(),
});
