import { z } from "zod";

import { ApprovalChoice } from "./access-request.ts";
import { ThreadRefSchema } from "./message.ts";

/** A file attached to a reply. Its bytes lie in the blob store under `blob`, unchanged by later turns. */
export const Artifact = z.object({
  name: z.string().min(1),
  blob: z.string().min(1),
  bytes: z.number().int().nonnegative(),
  mediaType: z.string(),
});
export type Artifact = z.infer<typeof Artifact>;

/** A question to a person that a button can answer. An adapter without buttons shows the post's `markdown`, which says it all. */
export const ApprovalCard = z.object({
  approvalId: z.string().min(1),
  title: z.string(),
  /** What is to be run, to be shown as it is. */
  code: z.string().optional(),
  facts: z.array(z.object({ name: z.string(), value: z.string() })).readonly(),
  /** A button each, in this order. A press is the message's `decision`. */
  choices: z.array(ApprovalChoice).readonly().default(["once", "session", "deny"]),
});
export type ApprovalCard = z.infer<typeof ApprovalCard>;

/**
 * One outgoing chat message. It waits in the outbox until the platform confirmed it.
 * `key` is derived from session, turn and index: the platform-side proof that it was posted already.
 */
export const Post = z.object({
  key: z.string().min(1),
  sessionId: z.string().min(1),
  thread: ThreadRefSchema,
  turn: z.number().int().nonnegative(),
  /**
   * - `answer`: the end of a turn; - `question`: the agent asks; - `approval`: it asks for more access;
   * - `notice`: the harness tells something.
   */
  kind: z.enum(["answer", "question", "approval", "notice"]),
  /** CommonMark with tables. The adapter turns it into what its platform shows. */
  markdown: z.string(),
  artifacts: z.array(Artifact).readonly().default([]),
  /** With the kind `approval`. */
  approval: ApprovalCard.optional(),
});
export type Post = z.infer<typeof Post>;
