import type { Person } from "../adapters/adapter.ts";
import type { ApprovalChoice } from "../core/access-request.ts";
import type { AuditEvent } from "../core/audit.ts";
import {
  isCallRequest,
  patternText,
  type RememberedCall,
  requestText,
} from "../core/call-request.ts";
import type { GrantWord } from "../core/grant-words.ts";
import type { Message } from "../core/message.ts";
import type { SandboxCapabilities } from "../sandbox/sandbox.ts";
import { deciding as actionOf, type Gate } from "./accept.ts";
import { canBeRemembered, timeText } from "./approval-card.ts";
import type { Approval } from "./grants.ts";
import type { Fact, Session } from "./session.ts";
import { type ApprovalPolicy, refusalOf } from "./widen.ts";

export interface Deciding {
  readonly gate: Gate;
  readonly policy: ApprovalPolicy;
  readonly capabilities: SandboxCapabilities;
  readonly now: number;
  /** What is approved for all sessions. */
  readonly remembered: readonly RememberedCall[];
  /** What is said of the channel's schedules. */
  readonly schedules?: Pick<Settled, "reply" | "audit"> | undefined;
}

/** What comes of words to the harness: facts for the journal, a reply to the thread, and what the audit is told. */
export interface Settled {
  readonly facts: readonly Fact[];
  /** What the sandbox may do is another thing from here on. */
  readonly widens?: boolean;
  readonly remember?: readonly RememberedCall[];
  readonly forget?: readonly string[];
  readonly reply?: string;
  readonly audit?: AuditEvent;
}

/** Settles what a person said about the session's grants. Nothing is changed here: what holds is what gets journalled. */
export function settleWord(
  session: Session,
  said: { readonly word: GrantWord; readonly message: Message },
  deciding: Deciding,
): Settled {
  switch (said.word.type) {
    case "decide":
      return decide(session, { ...said, word: said.word }, deciding);
    case "revoke":
      return revoke(session, { ...said, word: said.word }, deciding);
    case "list":
      return { facts: [], reply: listText(session, deciding) };
    case "schedules":
      return { facts: [], reply: "There are no schedules here.", ...deciding.schedules };
  }
}

function decide(
  session: Session,
  {
    word,
    message,
  }: { readonly word: Extract<GrantWord, { type: "decide" }>; readonly message: Message },
  deciding: Deciding,
): Settled {
  const { actor } = message;
  const refuse = (reason: string, approvalId = word.approvalId): Settled => ({
    facts: [],
    reply: reason,
    audit: {
      event: "approval-refused",
      actor: actor.id,
      reason,
      ...(approvalId !== undefined && { approvalId }),
    },
  });
  const verdict = deciding.gate.check({ actor, thread: session.thread, action: actionOf(word) });
  if (!verdict.allowed) return refuse(`${verdict.reason}.`);
  const approval = meant(session, { word, message }, deciding.now);
  if (typeof approval === "string") return refuse(approval);
  const problem = problemOf(approval, session, { ...deciding, choice: word.choice, actor });
  if (problem !== undefined) return refuse(problem, approval.approvalId);
  const { approvalId, request } = approval;
  const { choice, words } = word;
  const by = { id: actor.id, ...(actor.name !== undefined && { name: actor.name }) };
  const isCall = isCallRequest(request);
  return {
    facts: [{ type: "approval-decided", approvalId, choice, by, ...(words && { words }) }],
    widens: !isCall,
    ...(isCall &&
      choice === "always" && {
        remember: [{ approvalId, sessionId: session.id, request, by, at: deciding.now }],
      }),
    audit: {
      event: "approval-decided",
      grant: { approvalId, request },
      choice,
      actor: actor.id,
    },
  };
}

/** The approval that a decision is about, or why there is none. */
function meant(
  { grants }: Session,
  {
    word: { approvalId },
    message,
  }: { readonly word: Extract<GrantWord, { type: "decide" }>; readonly message: Message },
  now: number,
): Approval | string {
  if (approvalId !== undefined)
    return grants.find(approvalId) ?? `There is no approval ${approvalId} in this thread.`;
  const open = grants.waiting().filter(({ expiresAt }) => now <= expiresAt);
  const [only, ...others] = open.length > 0 ? open : grants.waiting().slice(-1);
  if (!only) return "Nothing waits for approval here.";
  // Said before it was asked for, it was said to something else.
  if (others.length === 0 && message.sentAt >= only.askedAt) return only;
  return `Say which: ${open.map((each) => `\`approve ${each.approvalId}\` (${requestText(each.request)})`).join(", ")}.`;
}

function problemOf(
  { approvalId, request, state, expiresAt }: Approval,
  { grants }: Session,
  {
    policy,
    capabilities,
    now,
    choice,
    actor,
  }: Deciding & {
    readonly choice: ApprovalChoice;
    readonly actor: Message["actor"];
  },
): string | undefined {
  if (state.type === "withdrawn")
    return `Approval ${approvalId} was withdrawn; nothing is granted.`;
  if (state.type !== "waiting")
    return `Approval ${approvalId} is decided already: ${stateText(state.type)} by ${nameOf(state.by)}.`;
  if (now > expiresAt)
    return `Approval ${approvalId} expired at ${timeText(expiresAt)}; nothing is granted. Ask again for it.`;
  if (choice === "deny") return undefined;
  if (!policy.selfApproval && grants.speakers.has(actor.id))
    return "Somebody else has to approve this: you asked the agent in this session yourself.";
  if (isCallRequest(request))
    return choice === "once" || canBeRemembered(request.covers)
      ? undefined
      : `This can be approved for this call only: \`approve ${approvalId}\`.`;
  if (choice === "always")
    return `This can be approved once or for the session: \`approve ${approvalId} session\`.`;
  const refusal = refusalOf(request, { policy, capabilities });
  return refusal === undefined ? undefined : `This can't be granted: ${refusal}.`;
}

function revoke(
  { id, grants, turn }: Session,
  {
    word: { approvalId },
    message: { actor },
  }: { readonly word: Extract<GrantWord, { type: "revoke" }>; readonly message: Message },
  { remembered }: Deciding,
): Settled {
  const always = remembered.find((each) => each.approvalId === approvalId);
  const held = always ?? grants.inTurn(turn).find((each) => each.approvalId === approvalId);
  if (!held) return { facts: [], reply: `Nothing is granted as ${approvalId}.` };
  const { request } = held;
  const by = { id: actor.id, ...(actor.name !== undefined && { name: actor.name }) };
  const isElsewhere = always !== undefined && always.sessionId !== id;
  return {
    facts: [{ type: "grant-revoked", approvalId, by }],
    widens: !isCallRequest(request),
    ...(always && { forget: [approvalId] }),
    reply: `Taken back: ${heldText(request)} (${approvalId}).`,
    audit: {
      event: "grant-revoked",
      grant: { approvalId, request },
      actor: actor.id,
      ...(isElsewhere && { from: always.sessionId }),
    },
  };
}

/** What holds on. */
const heldText = (request: Approval["request"]): string =>
  isCallRequest(request) && canBeRemembered(request.covers)
    ? request.covers.map(patternText).join(", ")
    : requestText(request);

function listText({ grants, turn }: Session, { now, remembered }: Deciding): string {
  const line = (
    { approvalId, request }: Pick<Approval, "approvalId" | "request">,
    by: string | undefined,
  ): string =>
    `- \`${approvalId}\` ${heldText(request)}${by === undefined ? "" : `, approved by ${by}`}; \`revoke ${approvalId}\` takes it back`;
  const held = grants
    .inTurn(turn)
    .filter(({ request, state }) => !isCallRequest(request) || state.type === "session")
    .map((approval) => line(approval, approval.state.by && nameOf(approval.state.by)));
  const always = remembered.map((each) => line(each, nameOf(each.by)));
  const waiting = grants
    .waiting()
    .filter(({ expiresAt }) => now <= expiresAt)
    .map(
      ({ approvalId, request, expiresAt }) =>
        `- \`${approvalId}\` ${requestText(request)}, waits until ${timeText(expiresAt)}`,
    );
  return [
    held.length > 0
      ? "Granted in this session, beyond what is configured:"
      : "Nothing is granted in this session beyond what is configured.",
    ...held,
    ...(always.length > 0 ? ["", "Approved for all sessions:", ...always] : []),
    ...(waiting.length > 0 ? ["", "Asked for:", ...waiting] : []),
  ].join("\n");
}

const nameOf = ({ id, name = id }: Person): string => name;

const stateText = (type: "denied" | "session" | "once" | "always" | "revoked"): string =>
  ({
    denied: "denied",
    session: "approved",
    once: "approved once",
    always: "approved for all sessions",
    revoked: "taken back",
  })[type];
