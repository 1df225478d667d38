import { z } from "zod";

import type { Attachment } from "../../../core/message.ts";
import { Author } from "../messages.ts";
import { File, Wordless, wordsFor } from "../wordless.ts";

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

/** Reads what somebody did; undefined for kinds that nobody asked for. */
export function didOf({
  type,
  data,
}: {
  readonly type: number;
  readonly data?: unknown;
}): Did | undefined {
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
  ...more
}: z.infer<typeof Message>): Target => ({
  id,
  author: author.global_name ?? author.username,
  content: [content, wordsFor(more)].filter((text) => text !== "").join("\n"),
  files: [...attachments, ...more.message_snapshots.flatMap(({ message }) => message.attachments)],
  hasThread: (flags & (1 << 5)) !== 0,
});

/** A file that came with a command lies at its address, in no message. */
const fileOf = ({
  filename,
  size,
  content_type,
  url,
}: z.infer<typeof CommandFile>): Attachment => ({
  id: url,
  name: filename || "file",
  ...(content_type && { mediaType: content_type }),
  ...(size !== undefined && { bytes: size }),
});

const CommandFile = File.extend({ url: z.string() });

const Message = z.object({
  id: z.string(),
  author: Author,
  content: z.string().default(""),
  attachments: z.array(File).default([]),
  flags: z.number().int().default(0),
  ...Wordless,
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
      attachments: z.record(z.string(), CommandFile).optional(),
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
