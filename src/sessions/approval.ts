import { accessText } from "../core/access-request.ts";
import type { AuditEvent } from "../core/audit.ts";
import type { GrantWord } from "../core/grant-words.ts";
import { stableKey } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { Post } from "../core/post.ts";
import type { SandboxCapabilities } from "../sandbox/sandbox.ts";
import type { Gate } from "./accept.ts";
import type { Approval } from "./grants.ts";
import type { Fact, Session } from "./session.ts";
import { type ApprovalPolicy, refusalOf } from "./widen.ts";

export interface Deciding {
  readonly gate: Gate;
  readonly policy: ApprovalPolicy;
  readonly capabilities: SandboxCapabilities;
  readonly now: number;
}

/** What comes of words to the harness: facts for the journal, a reply to the thread, and what the audit is told. */
export interface Settled {
  readonly facts: readonly Fact[];
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
      return revoke(session, { ...said, word: said.word });
    case "list":
      return { facts: [], reply: listText(session, deciding.now) };
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
  const verdict = deciding.gate.check({ actor, thread: session.thread, action: "approve" });
  if (!verdict.allowed) return refuse(`${verdict.reason}.`);
  const approval = meant(session, { word, message }, deciding.now);
  if (typeof approval === "string") return refuse(approval);
  const problem = problemOf(approval, session, { ...deciding, choice: word.choice, actor });
  if (problem !== undefined) return refuse(problem, approval.approvalId);
  const { approvalId, request } = approval;
  const { choice } = word;
  const by = { id: actor.id, ...(actor.name !== undefined && { name: actor.name }) };
  return {
    facts: [{ type: "approval-decided", approvalId, choice, by }],
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
  return `Say which: ${open.map((each) => `\`approve ${each.approvalId}\` (${accessText(each.request)})`).join(", ")}.`;
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
    readonly choice: "once" | "session" | "deny";
    readonly actor: Message["actor"];
  },
): string | undefined {
  if (state.type === "withdrawn")
    return `Approval ${approvalId} was withdrawn; nothing is granted.`;
  if (state.type !== "waiting")
    return `Approval ${approvalId} is decided already: ${stateText(state.type)} by ${state.by}.`;
  if (now > expiresAt)
    return `Approval ${approvalId} expired at ${timeText(expiresAt)}; nothing is granted. Ask again for it.`;
  if (choice === "deny") return undefined;
  if (!policy.selfApproval && grants.speakers.has(actor.id))
    return "Somebody else has to approve this: you asked the agent in this session yourself.";
  const refusal = refusalOf(request, { policy, capabilities });
  return refusal === undefined ? undefined : `This can't be granted: ${refusal}.`;
}

function revoke(
  { grants, turn }: Session,
  {
    word: { approvalId },
    message: { actor },
  }: { readonly word: Extract<GrantWord, { type: "revoke" }>; readonly message: Message },
): Settled {
  const held = grants.inTurn(turn).find((approval) => approval.approvalId === approvalId);
  if (!held) return { facts: [], reply: `Nothing is granted as ${approvalId}.` };
  const { request } = held;
  const by = { id: actor.id, ...(actor.name !== undefined && { name: actor.name }) };
  return {
    facts: [{ type: "grant-revoked", approvalId, by }],
    reply: `Taken back: ${accessText(request)} (${approvalId}).`,
    audit: { event: "grant-revoked", grant: { approvalId, request }, actor: actor.id },
  };
}

function listText({ grants, turn }: Session, now: number): string {
  const held = grants.inTurn(turn).map((approval) => {
    const { approvalId, request, state } = approval;
    const by = state.by === undefined ? "" : `, approved by ${state.by}`;
    return `- \`${approvalId}\` ${accessText(request)}${by}; \`revoke ${approvalId}\` takes it back`;
  });
  const waiting = grants
    .waiting()
    .filter(({ expiresAt }) => now <= expiresAt)
    .map(
      ({ approvalId, request, expiresAt }) =>
        `- \`${approvalId}\` ${accessText(request)}, waits until ${timeText(expiresAt)}`,
    );
  return [
    held.length > 0
      ? "Granted in this session, beyond what is configured:"
      : "Nothing is granted in this session beyond what is configured.",
    ...held,
    ...(waiting.length > 0 ? ["", "Asked for:", ...waiting] : []),
  ].join("\n");
}

/** The question to the thread. What an adapter with buttons does not show as such is said in words. */
export function approvalPost(
  approval: Approval,
  { session, redact }: { readonly session: Session; readonly redact: (text: string) => string },
): Post {
  const { approvalId, request, reason, expiresAt, turn } = approval;
  const title = `The agent asks for ${redact(accessText(request))}`;
  // The model wrote the reason, perhaps after reading a stranger's file: it is quoted, on one line.
  const why = redact(reason).replaceAll(/[\s\p{C}]+/gu, " ");
  const until = timeText(expiresAt);
  return {
    key: stableKey("post", session.id, session.createdAt, turn, approvalId),
    sessionId: session.id,
    thread: session.thread,
    turn,
    kind: "approval",
    markdown: [
      `**${title}.**`,
      "",
      `> ${why}`,
      "",
      `\`approve ${approvalId}\` grants it for the next turn, \`approve ${approvalId} session\` until the session ends, \`deny ${approvalId}\` refuses it. Only an approver can answer, until ${until}.`,
    ].join("\n"),
    artifacts: [],
    approval: {
      approvalId,
      title,
      facts: [
        { name: "Reason, by the agent", value: why },
        { name: "Expires", value: until },
      ],
    },
  };
}

const stateText = (type: "denied" | "session" | "once" | "revoked"): string =>
  ({ denied: "denied", session: "approved", once: "approved once", revoked: "taken back" })[type];

const timeText = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
