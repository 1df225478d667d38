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
  /** Of the output, what was reasoning. Absent where it does not tell. */
  reasoningTokens: z.number().nonnegative().optional(),
});
export type Usage = z.infer<typeof Usage>;

/** What one model call gave. */
export const ModelResponse = z.object({
  text: z.string(),
  toolCalls: z.array(ToolCall).readonly(),
  usage: Usage,
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

/** `told`: only the harness was spoken to, and it answered by itself. */
export const TurnOutcome = z.enum([
  "answered",
  "asked",
  "told",
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

const at = { v: z.literal(1), turn: z.number().int(), at: z.number() };

/**
 * One record of what a session did. The journal is append-only, dense and fenced; everything else
 * (what the model sees, what is left to do after a crash) is derived from it.
 */
export const JournalEntry = z.discriminatedUnion("type", [
  /** A worker began, or after a crash went on with, the turn. `sandbox` is what its tools will run in. */
  z.object({
    ...at,
    type: z.literal("turn-started"),
    epoch: z.number().int(),
    sandbox: SandboxIdentity.optional(),
  }),
  /** A message left the inbox for this turn. `paths` are its attachments' places in the workspace. */
  z.object({
    ...at,
    type: z.literal("message"),
    message: Message,
    paths: z.array(z.string()).readonly(),
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
  }),
  z.object({ ...at, type: z.literal("tool-result"), callId: z.string(), result: ToolResult }),
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
  /** These calls' outputs became references to their files in what the model sees. */
  z.object({ ...at, type: z.literal("context-trimmed"), callIds: z.array(z.string()).readonly() }),
  z.object({
    ...at,
    type: z.literal("turn-ended"),
    outcome: TurnOutcome,
    text: z.string(),
  }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;

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
