import { ApprovalChoice } from "../../core/access-request.ts";
import { isApprovalId } from "../../core/ids.ts";
import type { ApprovalCard } from "../../core/post.ts";

/** The buttons of an approval. */
export function approvalButtons({ approvalId, choices }: ApprovalCard): object {
  return {
    type: 1,
    components: choices.map((choice, index) => ({
      type: 2,
      style: choice === "deny" ? styles.danger : index === 0 ? styles.success : styles.secondary,
      label: labels[choice],
      custom_id: `${prefix}:${choice}:${approvalId}`,
    })),
  };
}

/** Reads the custom id of such a button; undefined for any other. */
export function approvalOf(
  customId: string,
): { readonly approvalId: string; readonly choice: ApprovalChoice } | undefined {
  const [name, given, approvalId = ""] = customId.split(":");
  const choice = ApprovalChoice.safeParse(given);
  if (name !== prefix || !choice.success || !isApprovalId(approvalId)) return undefined;
  return { approvalId, choice: choice.data };
}

const prefix = "opsthread-approval";
const styles = { secondary: 2, success: 3, danger: 4 } as const;

const labels: Readonly<Record<ApprovalChoice, string>> = {
  once: "Approve once",
  session: "Approve for this session",
  always: "Approve for all sessions",
  deny: "Deny",
};
