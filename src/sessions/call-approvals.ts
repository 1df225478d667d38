import type { CallApprovals } from "../agent/approvals.ts";
import { isCallRequest } from "../core/call-request.ts";
import type { Session } from "./session.ts";
import type { TurnOptions } from "./turn.ts";

/** What the session and the store know of approvals, for the calls of a turn. */
export function callApprovals(
  { grants, turn }: Session,
  { policy, store, clock }: Pick<TurnOptions, "policy" | "store" | "clock">,
): CallApprovals {
  return {
    rules: policy.rules ?? {},
    async remembered() {
      const always = (await store.remembered()).flatMap(({ request }) => request.covers);
      return [...grants.patterns, ...always];
    },
    standing({ tool }, argumentsHash) {
      const now = clock.now();
      const same = grants
        .waiting()
        .find(
          ({ request, expiresAt, ...each }) =>
            isCallRequest(request) &&
            request.tool === tool &&
            each.argumentsHash === argumentsHash &&
            expiresAt >= now,
        );
      return same
        ? { type: "waiting", approvalId: same.approvalId }
        : { type: "open", expiresAt: now + policy.expiresAfterMs };
    },
    due: () => grants.due(turn),
  };
}
