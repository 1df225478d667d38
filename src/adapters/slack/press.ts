import { z } from "zod";

import { ApprovalChoice } from "../../core/access-request.ts";
import { isApprovalId } from "../../core/ids.ts";
import type { Message } from "../../core/message.ts";
import type { ApprovalCard } from "../../core/post.ts";
import type { Identity } from "./identity.ts";

/** The buttons of an approval. */
export function approvalButtons({ approvalId, choices }: ApprovalCard): object {
  return {
    type: "actions",
    elements: choices.map((choice, index) => ({
      type: "button",
      text: { type: "plain_text", text: labels[choice] },
      action_id: prefix + choice,
      value: approvalId,
      ...(choice === "deny" ? { style: "danger" } : index === 0 && { style: "primary" }),
    })),
  };
}

/** Reads the press of such a button; undefined for anything else. */
export function pressedButton(body: unknown, identity: Identity): Message | undefined {
  const parsed = Pressed.safeParse(body);
  if (!parsed.success) return undefined;
  const { user, channel, message, actions } = parsed.data;
  const [{ action_id, value, action_ts }] = actions;
  const choice = ApprovalChoice.safeParse(action_id.slice(prefix.length));
  if (!action_id.startsWith(prefix) || !choice.success || !isApprovalId(value)) return undefined;
  if ((user.team_id ?? identity.teamId) !== identity.teamId) return undefined;
  return {
    id: `press:${channel.id}:${message.ts}:${action_ts}`,
    thread: {
      platform: "slack",
      workspace: identity.teamId,
      channel: channel.id,
      thread: message.thread_ts ?? message.ts,
    },
    actor: { id: user.id, roles: [] },
    kind: "thread",
    text: choice.data === "deny" ? `deny ${value}` : `approve ${value} ${choice.data}`,
    decision: { approvalId: value, choice: choice.data },
    attachments: [],
    sentAt: Number(action_ts) * 1000,
  };
}

/** Which approval a message asks for, by its buttons. */
export function approvalOf(blocks: readonly unknown[]): string | undefined {
  for (const block of blocks) {
    const parsed = Buttons.safeParse(block);
    if (!parsed.success) continue;
    const button = parsed.data.elements.find(({ action_id = "" }) => action_id.startsWith(prefix));
    if (button?.value !== undefined && isApprovalId(button.value)) return button.value;
  }
  return undefined;
}

const Buttons = z.object({
  type: z.literal("actions"),
  elements: z.array(z.object({ action_id: z.string().optional(), value: z.string().optional() })),
});

const prefix = "opsthread_approval_";

const labels: Readonly<Record<ApprovalChoice, string>> = {
  once: "Approve once",
  session: "Approve for this session",
  always: "Approve for all sessions",
  deny: "Deny",
};

const Action = z.object({
  action_id: z.string(),
  value: z.string(),
  action_ts: z.string().regex(/^\d+(?:\.\d+)?$/),
});

const Pressed = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string().min(1), team_id: z.string().optional() }),
  channel: z.object({ id: z.string().min(1) }),
  message: z.object({ ts: z.string().min(1), thread_ts: z.string().optional() }),
  actions: z.tuple([Action], Action),
});
