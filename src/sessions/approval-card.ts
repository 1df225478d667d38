import type { ApprovalChoice } from "../core/access-request.ts";
import { type CallPattern, isCallRequest, patternText, requestText } from "../core/call-request.ts";
import { fenced, visible } from "../core/fence.ts";
import { stableKey } from "../core/ids.ts";
import { headTail } from "../core/output.ts";
import type { ApprovalCard, Post } from "../core/post.ts";
import type { Approval } from "./grants.ts";
import type { Session } from "./session.ts";

/** The question to the thread. What an adapter with buttons does not show as such is said in words. */
export function approvalPost(
  approval: Approval,
  { session, redact }: { readonly session: Session; readonly redact: (text: string) => string },
): Post {
  const { approvalId, turn } = approval;
  const card = cardOf(approval, redact);
  const { title, code, facts } = card;
  return {
    key: approvalKey(session, { turn, approvalId }),
    sessionId: session.id,
    thread: session.thread,
    turn,
    kind: "approval",
    markdown: [
      `**${title}.**`,
      ...(code === undefined ? [] : ["", fenced(code)]),
      "",
      ...facts
        .filter(({ name }) => name !== expires)
        .map(({ name, value }) => (name === why ? `> ${value}` : `- ${name}: ${value}`)),
      "",
      wordsFor(approval),
    ].join("\n"),
    artifacts: [],
    approval: card,
  };
}

/** Of the post that asks. */
export const approvalKey = (
  { id, createdAt }: Session,
  { turn, approvalId }: Pick<Approval, "turn" | "approvalId">,
): string => stableKey("post", id, createdAt, turn, approvalId);

export const timeText = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;

const why = "Reason, by the agent";
const expires = "Expires";
/** Characters of a call that a card shows. */
const shownBytes = 3000;

function cardOf(
  { approvalId, request, reason, call, expiresAt }: Approval,
  redact: (text: string) => string,
): ApprovalCard {
  const until = { name: expires, value: timeText(expiresAt) };
  if (!isCallRequest(request)) {
    // The model wrote the reason, perhaps after reading a stranger's file: it is quoted, on one line.
    const value = redact(reason).replaceAll(/[\s\p{C}]+/gu, " ");
    const title = `The agent asks for ${redact(requestText(request))}`;
    const choices: ApprovalChoice[] = ["once", "session", "deny"];
    return { approvalId, title, facts: [{ name: why, value }, until], choices };
  }
  const { tool, because, covers } = request;
  const shown = (text: string): string => visible(redact(text)).replaceAll("\n", " ");
  const quoted = (texts: readonly string[]): string => texts.map(inlineCode).join(", ");
  const fact = (name: string, value: string): readonly { name: string; value: string }[] =>
    value === "" ? [] : [{ name, value }];
  return {
    approvalId,
    title: `The agent asks to call ${tool}`,
    code: headTail(visible(redact(callText(call.args))), shownBytes),
    facts: [
      ...fact("Because of", quoted(because.map(shown))),
      ...fact("For longer it allows", covers.map((each) => shown(patternText(each))).join(", ")),
      until,
    ],
    choices: ["once", ...(canBeRemembered(covers) ? longer : []), "deny"],
  };
}

const longer: readonly ApprovalChoice[] = ["session", "always"];

export const canBeRemembered = (covers: readonly CallPattern[]): boolean => covers.length > 0;

function wordsFor({ approvalId, request, expiresAt }: Approval): string {
  const until = `Only an approver can answer, until ${timeText(expiresAt)}.`;
  if (!isCallRequest(request))
    return `\`approve ${approvalId}\` grants it for the next turn, \`approve ${approvalId} session\` until the session ends, \`deny ${approvalId}\` refuses it. ${until}`;
  const remembers = canBeRemembered(request.covers)
    ? `, \`approve ${approvalId} session\` also what it allows for longer, until the session ends, \`approve ${approvalId} always\` in all sessions`
    : "";
  return `\`approve ${approvalId}\` runs just this call${remembers}, \`deny ${approvalId}\` refuses it, with words for the agent if there are any. ${until}`;
}

/** A command as it is, and anything else as its arguments. */
function callText(args: string): string {
  let value: unknown;
  try {
    value = JSON.parse(args);
  } catch {
    // A call of no JSON can't have got here but from a journal that was changed.
    return args;
  }
  if (typeof value !== "object" || value === null || !("command" in value))
    return JSON.stringify(value, null, 2);
  const { command, ...rest } = value;
  if (typeof command !== "string") return JSON.stringify(value, null, 2);
  return Object.keys(rest).length === 0 ? command : `${command}\n${JSON.stringify(rest)}`;
}

/** Inline code that nothing in it can end. */
function inlineCode(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `\`${text}\`` : `${ticks} ${text} ${ticks}`;
}
