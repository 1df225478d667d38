import { z } from "zod";

import { AccessRequest, accessText } from "./access-request.ts";
import { Actor } from "./message.ts";

/** Which calls a remembered approval covers. It is shown to whoever approves, and covers nothing that it does not say. */
export const CallPattern = z.discriminatedUnion("type", [
  /** Simple commands of a shell tool, `git push *`: see {@link parsePattern}. */
  z.strictObject({ type: z.literal("command"), tool: z.string(), pattern: z.string() }),
  /** Just these arguments, see `argumentsHash()`. */
  z.strictObject({ type: z.literal("exact"), tool: z.string(), argumentsHash: z.string() }),
]);
export type CallPattern = z.infer<typeof CallPattern>;

/** To run one call of a tool, as it was made. The call itself is in its step's intents. */
export const CallRequest = z.strictObject({
  kind: z.literal("call"),
  tool: z.string(),
  /** What a guardrail made of the call's arguments. Absent: they are the call's own. */
  args: z.string().optional(),
  /** The parts that made it necessary, of a compound command. */
  because: z.array(z.string()).readonly(),
  /** What is allowed by an approval for longer than this call. Empty: it can be approved for this call only. */
  covers: z.array(CallPattern).readonly(),
});
export type CallRequest = z.infer<typeof CallRequest>;

/** What a person is asked for: that the sandbox may do more, or that one call may run. */
export const ApprovalRequest = z.discriminatedUnion("kind", [
  ...AccessRequest.options,
  CallRequest,
]);
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

export const isCallRequest = (request: ApprovalRequest): request is CallRequest =>
  request.kind === "call";

/** What is asked for, as people and models read it. */
export function requestText(request: ApprovalRequest): string {
  if (!isCallRequest(request)) return accessText(request);
  const { tool, because } = request;
  return `a call of ${tool}${because.length === 0 ? "" : ` (${because.join("; ")})`}`;
}

/** What a remembered approval covers, as people read it. */
export const patternText = (pattern: CallPattern): string =>
  pattern.type === "command"
    ? `\`${pattern.pattern}\` by ${pattern.tool}`
    : `${pattern.tool} with exactly these arguments`;

/** An approval for all sessions. */
export const RememberedCall = z.object({
  approvalId: z.string(),
  /** Where it was approved. */
  sessionId: z.string(),
  request: CallRequest,
  by: Actor.pick({ id: true, name: true }),
  at: z.number(),
});
export type RememberedCall = z.infer<typeof RememberedCall>;
