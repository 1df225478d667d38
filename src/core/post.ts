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

/** That a turn did not come to an answer. An adapter without a form for it shows the post's `markdown`, which says it all. */
export const Notice = z.object({
  type: z.enum(["stopped", "failed"]),
  /** Plain text, as are the others. */
  title: z.string(),
  /** What became of it; of a failure, what went wrong in its own words. */
  detail: z.string().optional(),
  /** What can be done now. */
  hint: z.string().optional(),
});
export type Notice = z.infer<typeof Notice>;

/** What a turn took, for people to see. */
export const TurnUsage = z.object({
  /** Answers of the model. */
  steps: z.number().int().nonnegative(),
  inputTokens: z.number().nonnegative(),
  /** Of the input, what the provider had in its cache. Absent where it does not tell. */
  cachedInputTokens: z.number().nonnegative().optional(),
  outputTokens: z.number().nonnegative(),
  /** Absent where a model has no price. */
  usd: z.number().nonnegative().optional(),
  /** From the turn's beginning to its end. */
  ms: z.number().nonnegative(),
});
export type TurnUsage = z.infer<typeof TurnUsage>;

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
  /** Messages of schedules that its turn had read by then, by id. What becomes of their runs is told by it. */
  scheduled: z.array(z.string()).readonly().optional(),
  /** With the kind `notice`, where a turn was stopped or failed. */
  notice: Notice.optional(),
  /** Of the turn that it is from: see `Span.traceparent`. */
  trace: z.string().optional(),
  /** At the end of a turn that asked a model which is not free. An adapter shows it where it does not disturb. */
  usage: TurnUsage.optional(),
});
export type Post = z.infer<typeof Post>;
