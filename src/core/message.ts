import { z } from "zod";

import { ApprovalChoice } from "./access-request.ts";

/** Who did something on a platform. Only `id` and `roles` decide anything; `name` is for display. */
export const Actor = z.object({
  id: z.string().min(1),
  name: z.string().optional(),
  roles: z.array(z.string()).readonly().default([]),
});
export type Actor = z.infer<typeof Actor>;

export const ThreadRefSchema = z.object({
  platform: z.string().min(1),
  workspace: z.string().min(1),
  channel: z.string().min(1),
  thread: z.string().min(1),
});

/** A file that came with a message. The bytes stay on the platform until a turn asks its adapter for them. */
export const Attachment = z.object({
  /** The platform's id of the file: what the adapter needs to download it. */
  id: z.string().min(1),
  name: z.string().min(1),
  mediaType: z.string().optional(),
  /** Size in bytes, as the platform says. */
  bytes: z.number().int().nonnegative().optional(),
});
export type Attachment = z.infer<typeof Attachment>;

/**
 * What a person (or a schedule) said to a session.
 *
 * - `mention`, `direct`, `command`: addressed to the bot, opens a session where there is none;
 * - `thread`: said in a thread without naming the bot, read only where a session is;
 * - `stop`: ends what is running, and drops what was asked before it and not begun.
 */
export const Message = z.object({
  /** The platform's event id. A second delivery with the same id in the same workspace changes nothing. */
  id: z.string().min(1),
  thread: ThreadRefSchema,
  actor: Actor,
  kind: z.enum(["mention", "direct", "command", "thread", "stop"]),
  text: z.string(),
  /** A button of an approval was pressed; `text` then says the same in words. */
  decision: z.object({ approvalId: z.string(), choice: ApprovalChoice }).optional(),
  attachments: z.array(Attachment).readonly().default([]),
  /** The schedule that says it, by id. */
  schedule: z.string().optional(),
  /** When it was said, milliseconds since the epoch. */
  sentAt: z.number(),
  /** Of the span in which it came in: see `Span.traceparent`. */
  trace: z.string().optional(),
});
export type Message = z.infer<typeof Message>;
