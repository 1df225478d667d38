import { isDeepStrictEqual } from "node:util";

import { isCallRequest } from "../core/call-request.ts";
import type { SandboxIdentity } from "../core/journal.ts";
import type { SandboxSpec } from "../sandbox/sandbox.ts";
import { type Approval, requestsOf } from "./grants.ts";
import type { Session } from "./session.ts";
import type { TurnOptions } from "./turn.ts";
import { isGranted, refusalOf, widen } from "./widen.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

/** The session's side of its tools: what is configured, and what people have granted. */
export function openWorkspace(
  session: Session,
  options: TurnOptions,
  { signal }: { readonly signal: AbortSignal },
): Workspace {
  const { sandboxes, blobs, redactor, policy, audit, clock } = options;
  const { capabilities } = sandboxes;
  const { turn, grants } = session;
  const image = options.image?.(session.thread);
  // A grant that could not be made any more is not used either.
  const held = (inTurn = turn): readonly Approval[] =>
    grants
      .inTurn(inTurn)
      .filter(
        ({ request }) =>
          !isCallRequest(request) && refusalOf(request, { policy, capabilities }) === undefined,
      );
  const spec = (inTurn = turn): SandboxSpec => ({
    ...widen(options.sandbox, requestsOf(held(inTurn))),
    sessionId: session.id,
    ...(image !== undefined && { image }),
  });
  return createWorkspace({
    sessionId: session.id,
    turn,
    sandboxes,
    blobs,
    redactor,
    signal,
    span: session.span,
    spec,
    mayRest: (opened) => isDeepStrictEqual(opened, spec(turn + 1)),
    access(request) {
      if (isGranted(request, spec())) return { type: "granted" };
      const now = clock.now();
      const same = grants
        .waiting()
        .find((each) => each.expiresAt >= now && isDeepStrictEqual(each.request, request));
      if (same) return { type: "waiting", approvalId: same.approvalId };
      const reason = refusalOf(request, { policy, capabilities });
      if (reason !== undefined) return { type: "refused", reason };
      return { type: "open", expiresAt: now + policy.expiresAfterMs };
    },
    onOpen({ permissions: { net, secrets } }) {
      audit({
        event: "sandbox-opened",
        at: clock.now(),
        sessionId: session.id,
        turn,
        sandbox: sandboxes.name,
        isolation: capabilities.isolation,
        net,
        injects: secrets,
        grants: held().map(({ approvalId, request }) => ({ approvalId, request })),
        ...(image !== undefined && { image }),
      });
    },
  });
}

/** What the session's sandbox is, as far as people and the model should know. */
export function sandboxOf({ thread }: Session, { sandboxes, image }: TurnOptions): SandboxIdentity {
  const { name, capabilities } = sandboxes;
  const from = image?.(thread);
  return { name, isolation: capabilities.isolation, ...(from !== undefined && { image: from }) };
}
