import { z } from "zod";

import { ApprovalChoice } from "./access-request.ts";
import { ApprovalRequest } from "./call-request.ts";
import { OpsthreadError } from "./errors.ts";
import { Actor, Message } from "./message.ts";
import { ToolCall, ToolResult } from "./tool-result.ts";

/** Tokens and calls that a model step used; 0 where a model does not count. */
export const Usage = z.object({
  inputTokens: z.number().nonnegative(),
  outputTokens: z.number().nonnegative(),
  /** Of the input, what the provider had in its cache. Absent where it does not tell. */
  cachedInputTokens: z.number().nonnegative().optional(),
  /** Of the input, what the provider wrote to its cache. Absent where it does not tell. */
  cacheWriteTokens: z.number().nonnegative().optional(),
  /** Of the output, what was reasoning. Absent where it does not tell. */
  reasoningTokens: z.number().nonnegative().optional(),
});
export type Usage = z.infer<typeof Usage>;

/** What calls of one model used. Prices differ, so it is told by model. */
export const ModelUse = z.object({ model: z.string(), usage: Usage });
export type ModelUse = z.infer<typeof ModelUse>;

/** What one model call gave. */
export const ModelResponse = z.object({
  text: z.string(),
  toolCalls: z.array(ToolCall).readonly(),
  /** All that it took, failed tries included. */
  usage: Usage,
  /** Who answered, where several might have. */
  model: z.string().optional(),
  /** Of the usage, what tries took that failed. */
  failed: z.array(ModelUse).readonly().optional(),
  /** The provider made the conversation shorter: what was said before this answer is not sent any more. */
  compacted: z.literal(true).optional(),
  /** The provider's own items, verbatim, for drivers that must send them back. */
  provider: z.unknown().optional(),
});
export type ModelResponse = z.infer<typeof ModelResponse>;

/**
 * How a tool's effect may be repeated after a crash that left an intent without a result:
 *
 * - `pure`: run again;
 * - `idempotent`: run again under the same execution id, which makes the repeat harmless;
 * - `reattach`: pick the running execution up by its id, else the outcome is unknown;
 * - `at-most-once`: never run again, the outcome is unknown.
 */
export const Effect = z.enum(["pure", "idempotent", "reattach", "at-most-once"]);
export type Effect = z.infer<typeof Effect>;

/** Written before a tool runs. */
export const ToolIntent = ToolCall.extend({ executionId: z.string(), effect: Effect });
export type ToolIntent = z.infer<typeof ToolIntent>;

/**
 * `told`: only the harness was spoken to, and it answered by itself. `over-budget`: the model was not asked, since what the
 * session, its channel or the day may use was used up.
 */
export const TurnOutcome = z.enum([
  "answered",
  "asked",
  "told",
  "over-budget",
  "stopped",
  "interrupted",
  "failed",
]);
export type TurnOutcome = z.infer<typeof TurnOutcome>;

/** Which sandbox a turn has, as far as people and the model should know. */
export const SandboxIdentity = z.object({
  name: z.string(),
  isolation: z.string(),
  image: z.string().optional(),
});
export type SandboxIdentity = z.infer<typeof SandboxIdentity>;

/**
 * A piece of the conversation that becomes shorter in what the model sees: head and tail, together `keep` bytes.
 *
 * - `output`, `arguments`: of the call with the execution id `of`;
 * - `answer`: the model's words in step `of`, as `turn.step`; - `message`: a person's, by the message's id.
 */
export const ContextCut = z.object({
  part: z.enum(["output", "arguments", "answer", "message"]),
  of: z.string(),
  keep: z.number().int().nonnegative(),
  /** Where in the workspace all of it lies. Absent when it could not be kept there. */
  file: z.string().optional(),
});
export type ContextCut = z.infer<typeof ContextCut>;
/** What guardrails made of a message before the model saw it: other words, nothing at all, or the end of the turn. */
export const MessageGuarded = z.discriminatedUnion("type", [
  z.object({ type: z.literal("replace"), text: z.string() }),
  z.object({ type: z.enum(["reject", "stop"]), by: z.string(), reason: z.string() }),
]);
export type MessageGuarded = z.infer<typeof MessageGuarded>;

const at = { v: z.literal(1), turn: z.number().int(), at: z.number() };

/** One record of what a session, or an agent inside one of its calls, did. */
const OwnEntry = z.discriminatedUnion("type", [
  /** A worker began, or after a crash went on with, the turn. `sandbox` is what its tools will run in. */
  z.object({
    ...at,
    type: z.literal("turn-started"),
    epoch: z.number().int(),
    sandbox: SandboxIdentity.optional(),
    /** Of this attempt's span, see `Span.traceparent`: a later attempt goes on with the trace. */
    trace: z.string().optional(),
  }),
  /** A message left the inbox for this turn. `paths` are its attachments' places in the workspace. */
  z.object({
    ...at,
    type: z.literal("message"),
    message: Message,
    paths: z.array(z.string()).readonly(),
    guarded: MessageGuarded.optional(),
  }),
  /**
   * What the guardrails that were asked beside the model said of a message. `usage` is what the model's call took that
   * nobody will see the answer of, as far as it is known.
   */
  z.object({
    ...at,
    type: z.literal("message-checked"),
    messageId: z.string(),
    blocked: z.object({ by: z.string(), reason: z.string() }).optional(),
    usage: Usage.optional(),
  }),
  /** A model works on its answer, and can be asked for it again by `handle`: see `ModelEvent`. */
  z.object({
    ...at,
    type: z.literal("model-started"),
    step: z.number().int(),
    model: z.string(),
    handle: z.unknown(),
  }),
  /** The model answered; `intents` are the tool calls that run next. */
  z.object({
    ...at,
    type: z.literal("step"),
    step: z.number().int(),
    response: ModelResponse,
    intents: z.array(ToolIntent).readonly(),
    /** What it cost by the prices of that time. Absent where a model has no price. */
    usd: z.number().nonnegative().optional(),
  }),
  /** The model was asked in vain, and that was not free. */
  z.object({
    ...at,
    type: z.literal("model-failed"),
    step: z.number().int(),
    used: z.array(ModelUse).readonly(),
    usd: z.number().nonnegative().optional(),
  }),
  z.object({ ...at, type: z.literal("tool-result"), callId: z.string(), result: ToolResult }),
  /**
   * An agent handed the session over to another one, which goes on from here. It settles the call that asked for it, so
   * that no crash can come between the two.
   */
  z.object({
    ...at,
    type: z.literal("handed-off"),
    callId: z.string(),
    from: z.string(),
    to: z.string(),
    reason: z.string(),
  }),
  /** A call asked for more access than the session has. Nothing is granted by it. */
  /** A call asked for more access than the session has, or to be run at all. Nothing is granted by it. */
  z.object({
    ...at,
    type: z.literal("approval-requested"),
    approvalId: z.string(),
    callId: z.string(),
    /** Of the arguments that the call has, or is to be run with: see `argumentsHash()`. */
    argumentsHash: z.string(),
    request: ApprovalRequest,
    reason: z.string(),
    /** After this time it can't be approved any more. */
    expiresAt: z.number(),
  }),
  /** A person decided, after the gate and the request were checked. */
  z.object({
    ...at,
    type: z.literal("approval-decided"),
    approvalId: z.string(),
    choice: ApprovalChoice,
    by: Actor.pick({ id: true, name: true }),
    /** What they said to it. */
    words: z.string().optional(),
  }),
  /** A call that was approved runs next: its intent, as a step has those of its calls. */
  z.object({
    ...at,
    type: z.literal("approved-call"),
    approvalId: z.string(),
    intent: ToolIntent,
  }),
  /** A person took a grant back. */
  z.object({
    ...at,
    type: z.literal("grant-revoked"),
    approvalId: z.string(),
    by: Actor.pick({ id: true, name: true }),
  }),
  /** The harness told the model something: a budget nearly spent, an attachment that could not be read. */
  z.object({ ...at, type: z.literal("note"), text: z.string() }),
  /** These pieces became shorter in what the model sees. */
  z.object({ ...at, type: z.literal("context-trimmed"), cuts: z.array(ContextCut).readonly() }),
  /**
   * What was said before the answer of step `before` is not shown to the model any more, but for what people said and
   * decided, up to `pinnedTokens` of it. `text` is the model's own summary; without it there is none.
   */
  z.object({
    ...at,
    type: z.literal("context-summarized"),
    before: z.object({ turn: z.number().int(), step: z.number().int() }),
    pinnedTokens: z.number().int().nonnegative(),
    text: z.string().optional(),
    /** Where in the workspace it can be read as it was. */
    file: z.string().optional(),
    used: z.array(ModelUse).readonly(),
    usd: z.number().nonnegative().optional(),
  }),
  /** The agent's notes as they stood in the workspace were shown to the model. */
  z.object({ ...at, type: z.literal("notes-shown"), text: z.string() }),
  /**
   * From here on the workspace is on the disk of this name. `copy` is the blob that it was made of; without it, it was there or
   * began empty. Only where workspaces are kept among the blobs.
   */
  z.object({
    ...at,
    type: z.literal("workspace-placed"),
    place: z.string(),
    copy: z.string().optional(),
  }),
  /** A blob has the workspace as it was then. Without one, there was no workspace yet. */
  z.object({
    ...at,
    type: z.literal("workspace-kept"),
    blob: z.string().optional(),
    bytes: z.number().int().nonnegative(),
  }),
  z.object({
    ...at,
    type: z.literal("turn-ended"),
    outcome: TurnOutcome,
    text: z.string(),
  }),
]);

/**
 * One record of what a session did. The journal is append-only, dense and fenced; everything else
 * (what the model sees, what is left to do after a crash) is derived from it.
 */
export const JournalEntry = z.discriminatedUnion("type", [
  OwnEntry,
  /** What an agent did that runs inside a call; `executionId` is the call's, also of one inside such a call. */
  z.object({
    ...at,
    type: z.literal("nested"),
    executionId: z.string(),
    agent: z.string(),
    entry: OwnEntry,
  }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;

/** What an agent inside a call can do. */
export type NestedEntry = Extract<JournalEntry, { type: "nested" }>;

/** An entry with its place in the journal: 1, 2, 3, … without a gap. */
export interface JournalRecord {
  readonly seq: number;
  readonly entry: JournalEntry;
}

/**
 * Reads a stored value back in.
 * @throws {OpsthreadError} `STORE_CORRUPT` when it does not have the expected shape
 */
export function parseStored<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(typeof value === "string" ? parseJson(value, what) : value);
  if (parsed.success) return parsed.data;
  throw new OpsthreadError(
    "STORE_CORRUPT",
    `Cannot read ${what}: ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OpsthreadError("STORE_CORRUPT", `Cannot read ${what}: not JSON`, { cause: error });
  }
}
