import { z } from "zod";

import { Actor, Attachment } from "../../core/message.ts";
import { TurnUsage } from "../../core/post.ts";

const stamp = { v: z.literal(1), at: z.number() };
const place = { channel: z.string().min(1), thread: z.string().min(1) };

/** One fact in the workspace's log. What the workspace is now follows from all of them. */
export const ConsoleRecord = z.discriminatedUnion("type", [
  /** The first record: the workspace's id, which is part of every thread's id. */
  z.object({ ...stamp, type: z.literal("workspace"), id: z.string().min(1) }),
  /** A person said something. It is an event for the bot until it is acknowledged. */
  z.object({
    ...stamp,
    ...place,
    type: z.literal("message"),
    id: z.string().min(1),
    kind: z.enum(["mention", "thread", "stop"]),
    actor: Actor,
    text: z.string(),
    attachments: z.array(Attachment).readonly(),
  }),
  /** The bot took the event, and what it said to it. `denied` is the reason that the person is shown. */
  z.object({
    ...stamp,
    type: z.literal("acknowledged"),
    id: z.string().min(1),
    denied: z.string().optional(),
  }),
  z.object({
    ...stamp,
    ...place,
    type: z.literal("post"),
    id: z.string().min(1),
    key: z.string().min(1),
    kind: z.enum(["answer", "question", "approval", "notice"]),
    markdown: z.string(),
    /** `file` is the name in the thread's folder; absent when there were no bytes any more. */
    artifacts: z
      .array(
        z.object({
          name: z.string(),
          mediaType: z.string(),
          bytes: z.number().int().nonnegative(),
          file: z.string().optional(),
        }),
      )
      .readonly(),
    usage: TurnUsage.optional(),
  }),
]);
export type ConsoleRecord = z.infer<typeof ConsoleRecord>;
export type MessageRecord = Extract<ConsoleRecord, { type: "message" }>;
export type PostRecord = Extract<ConsoleRecord, { type: "post" }>;
