import type { ApprovalChoice } from "./access-request.ts";
import { isApprovalId } from "./ids.ts";
import type { Message } from "./message.ts";

/** A message to the harness instead of the model: about what the session may do, or what schedules there are. */
export type GrantWord =
  | {
      readonly type: "decide";
      readonly choice: ApprovalChoice;
      readonly approvalId?: string;
      /** Why it is denied, for the model. */
      readonly words?: string;
    }
  | { readonly type: "revoke"; readonly approvalId: string }
  | { readonly type: "list" }
  | { readonly type: "schedules"; readonly change?: ScheduleChange };

/** What is to become of a schedule. */
export interface ScheduleChange {
  readonly action: "pause" | "resume" | "run";
  readonly id: string;
}

/** Reads a button, or words that are the whole message: a sentence that merely begins with "approve" is for the model. */
export function grantWordOf(message: Message): GrantWord | undefined {
  if (message.kind === "stop") return undefined;
  if (message.decision) return { type: "decide", ...message.decision };
  const plain = message.text.replace(mention, "").trim();
  // With the id it can't be meant for the model, whatever follows.
  const [, denied = "", words = ""] = /^deny\s+(\S+)\s+([\s\S]+)$/i.exec(plain) ?? [];
  if (isApprovalId(denied.toLowerCase()))
    return { type: "decide", choice: "deny", approvalId: denied.toLowerCase(), words };
  const text = plain.replace(/[.!]$/, "").toLowerCase();
  if (text === "grants") return { type: "list" };
  if (text === "schedules") return { type: "schedules" };
  const change = scheduleChangeOf(text);
  if (change) return { type: "schedules", change };
  const revoked = /^revoke\s+(\S+)$/.exec(text)?.[1];
  if (revoked !== undefined && isApprovalId(revoked))
    return { type: "revoke", approvalId: revoked };
  const [, verb, ...more] = /^(approve|deny)(?:\s+(\S+))?(?:\s+(\S+))?$/.exec(text) ?? [];
  if (verb === undefined) return undefined;
  const rest = more.filter((word) => word !== undefined);
  const durations = rest.filter(isDuration);
  const ids = rest.filter((word) => !isDuration(word));
  if (ids.length > 1 || durations.length > (verb === "deny" ? 0 : 1)) return undefined;
  const [approvalId] = ids;
  if (approvalId !== undefined && !isApprovalId(approvalId)) return undefined;
  return {
    type: "decide",
    choice: verb === "deny" ? "deny" : (durations[0] ?? "once"),
    ...(approvalId !== undefined && { approvalId }),
  };
}

function scheduleChangeOf(text: string): ScheduleChange | undefined {
  const [, action, id] = /^schedule\s+(pause|resume|run)\s+([\w-]+)$/.exec(text) ?? [];
  if (id === undefined || (action !== "pause" && action !== "resume" && action !== "run"))
    return undefined;
  return { action, id };
}

const mention = /^\s*(?:<@[^>\s]+>|@\S+)\s*/;
const isDuration = (word: string): word is "once" | "session" | "always" =>
  ["once", "session", "always"].includes(word);
