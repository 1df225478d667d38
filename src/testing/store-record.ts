import { z } from "zod";

import { parseStored } from "../core/journal.ts";

/** What the load does to a store. */
export const Act = z.discriminatedUnion("type", [
  z.object({ type: z.literal("accept"), sessionId: z.string(), messageId: z.string() }),
  z.object({ type: z.literal("lease"), sessionId: z.string() }),
  z.object({
    type: z.literal("append"),
    sessionId: z.string(),
    after: z.number(),
    /** The ids of the messages that it reads, which are its first entries, and the text of its last one. */
    messages: z.array(z.string()),
    note: z.string(),
    posts: z.array(z.string()),
  }),
  z.object({ type: z.literal("release"), sessionId: z.string(), done: z.boolean() }),
  z.object({ type: z.literal("settle"), sessionId: z.string(), key: z.string() }),
]);
export type Act = z.infer<typeof Act>;

const Result = z.union([z.string(), z.number(), z.boolean()]);
export type Result = z.infer<typeof Result>;

/**
 * One line of the log that a load keeps outside of the store. An act without an end was in flight when the process
 * was killed: it may have taken effect or not. `received` is a post that reached the platform.
 */
export const LoadRecord = z.union([
  z.object({ n: z.string(), began: Act }),
  z.object({ n: z.string(), ended: Result }),
  z.object({ received: z.string(), sessionId: z.string() }),
]);
export type LoadRecord = z.infer<typeof LoadRecord>;

/** Reads a log back. A line that the kill cut in half is left out. */
export function parseRecords(log: string): LoadRecord[] {
  const lines = log.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines.map((line) => parseStored(LoadRecord, line, "a line of the load's log"));
}
