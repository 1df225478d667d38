import { z } from "zod";

import type { Actor, Attachment } from "../../../core/message.ts";
import { type ChannelFacts, threads } from "../channels.ts";
import { Author, Member } from "../messages.ts";

/** What every interaction says: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly channelId: string;
  readonly facts: ChannelFacts;
  readonly actor: Actor;
  readonly did: Did;
}

/** What somebody did. */
export type Did =
  | {
      readonly type: "command";
      readonly name: string;
      readonly options: Options;
      readonly files: readonly Attachment[];
    }
  | { readonly type: "complete"; readonly focused: string }
  | { readonly type: "menu"; readonly target: Target }
  | { readonly type: "button"; readonly customId: string }
  | { readonly type: "select"; readonly customId: string; readonly values: readonly string[] }
  | { readonly type: "form"; readonly customId: string; readonly values: Options };

export type Options = Readonly<Record<string, string>>;

/** The message that a menu was opened on. */
export interface Target {
  readonly id: string;
  readonly author: string;
  readonly content: string;
  readonly files: readonly z.infer<typeof File>[];
  readonly hasThread: boolean;
}

/** Reads an interaction; undefined for kinds that nobody asked for. */
export function interactionOf(given: unknown): Interaction | undefined {
  const parsed = Given.safeParse(given);
  if (!parsed.success) return undefined;
  const { id, token, channel, channel_id, guild_id, member, user, ...rest } = parsed.data;
  const person = member?.user ?? user;
  const channelId = channel_id ?? channel?.id;
  const did = didOf(rest);
  if (!person || channelId === undefined || !did) return undefined;
  return {
    id,
    token,
    channelId,
    facts: {
      isThread: channel !== undefined && threads.has(channel.type),
      parentId: channel && threads.has(channel.type) ? (channel.parent_id ?? undefined) : undefined,
      guildId: guild_id,
    },
    actor: {
      id: person.id,
      name: member?.nick ?? person.global_name ?? person.username,
      roles: member?.roles ?? [],
    },
    did,
  };
}

function didOf({ type, data }: Pick<z.infer<typeof Given>, "type" | "data">): Did | undefined {
  switch (type) {
    case 2:
    case 4: {
      const command = Command.safeParse(data).data;
      if (!command) return undefined;
      const target = command.resolved?.messages?.[command.target_id ?? ""];
      if (target) return { type: "menu", target: targetOf(target) };
      const [sub] = command.options;
      if (!sub) return undefined;
      if (type === 4)
        return {
          type: "complete",
          focused: String(sub.options.find(({ focused }) => focused)?.value ?? ""),
        };
      const files = sub.options.flatMap(({ type: kind, value }) => {
        const file = kind === 11 ? command.resolved?.attachments?.[String(value)] : undefined;
        return file ? [fileOf(file)] : [];
      });
      const options = Object.fromEntries(
        sub.options
          .filter((each) => each.type !== 11)
          .map((each) => [each.name, String(each.value ?? "")]),
      );
      return { type: "command", name: sub.name, options, files };
    }
    case 3: {
      const component = Component.safeParse(data).data;
      if (!component) return undefined;
      const { custom_id: customId, values } = component;
      return values.length > 0
        ? { type: "select", customId, values }
        : { type: "button", customId };
    }
    case 5: {
      const form = Form.safeParse(data).data;
      if (!form) return undefined;
      const inputs = form.components.flatMap(
        ({ component, components }) => component ?? components,
      );
      const values = Object.fromEntries(inputs.map(({ custom_id, value }) => [custom_id, value]));
      return { type: "form", customId: form.custom_id, values };
    }
    default:
      return undefined;
  }
}

const targetOf = ({
  id,
  author,
  content,
  attachments,
  flags,
}: z.infer<typeof Message>): Target => ({
  id,
  author: author.global_name ?? author.username,
  content,
  files: attachments,
  hasThread: (flags & (1 << 5)) !== 0,
});

/** A file that came with a command lies at its address, in no message. */
const fileOf = ({ filename, size, content_type, url }: z.infer<typeof File>): Attachment => ({
  id: url,
  name: filename,
  ...(content_type && { mediaType: content_type }),
  ...(size !== undefined && { bytes: size }),
});

const File = z.object({
  id: z.string(),
  filename: z.string().min(1),
  size: z.number().int().nonnegative().optional(),
  content_type: z.string().nullish(),
  url: z.string(),
});

const Message = z.object({
  id: z.string(),
  author: Author,
  content: z.string().default(""),
  attachments: z.array(File).default([]),
  flags: z.number().int().default(0),
});

const Option = z.object({
  name: z.string(),
  type: z.number().int(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
});

const Command = z.object({
  name: z.string(),
  target_id: z.string().optional(),
  options: z.array(Option.extend({ options: z.array(Option).default([]) })).default([]),
  resolved: z
    .object({
      messages: z.record(z.string(), Message).optional(),
      attachments: z.record(z.string(), File).optional(),
    })
    .optional(),
});

const Component = z.object({ custom_id: z.string(), values: z.array(z.string()).default([]) });

const Input = z.object({ custom_id: z.string(), value: z.string().default("") });
const Form = z.object({
  custom_id: z.string(),
  components: z.array(
    z.object({ component: Input.optional(), components: z.array(Input).default([]) }),
  ),
});

const Given = z.object({
  id: z.string().regex(/^\d+$/),
  token: z.string().min(1),
  type: z.number().int(),
  guild_id: z.string().optional(),
  channel_id: z.string().optional(),
  channel: z
    .object({ id: z.string(), type: z.number().int(), parent_id: z.string().nullish() })
    .optional(),
  member: Member.extend({ user: Author }).optional(),
  user: Author.optional(),
  data: z.unknown().optional(),
});
