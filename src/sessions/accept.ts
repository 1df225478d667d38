import type { Inbound, Received } from "../adapters/adapter.ts";
import type { ApprovalChoice } from "../core/access-request.ts";
import type { Audit } from "../core/audit.ts";
import type { Clock } from "../core/clock.ts";
import { grantWordOf } from "../core/grant-words.ts";
import { sessionIdOf } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { Message } from "../core/message.ts";
import { noTracer, type Tracer } from "../core/trace.ts";
import type { Queue } from "../queue/queue.ts";
import type { Accepted, Store } from "../store/store.ts";
import type { Control } from "./control.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** `remember`: to approve for all sessions. */
export type GateAction = "use" | "stop" | "approve" | "remember";

/** Says who may do what; `security/access.ts` is the one that bots use. */
export interface Gate {
  check(request: {
    readonly actor: Message["actor"];
    readonly thread: Message["thread"];
    readonly action: GateAction;
  }): { readonly allowed: true } | { readonly allowed: false; readonly reason: string };
}

/** What it takes to take a message in. */
interface AcceptOptions {
  readonly store: Store;
  readonly queue: Queue;
  readonly control: Control;
  readonly log: Logger;
  readonly tracer?: Tracer;
  /** Default: nobody is told that they wait. */
  readonly line?: Pick<WaitingLine, "watch">;
}

/** Stores a message and wakes its session. Nothing is judged: for what people say that is {@link createInbound}'s. */
export async function acceptMessage(
  message: Message,
  { opens }: { readonly opens: boolean },
  { store, queue, control, log, tracer = noTracer, line }: AcceptOptions,
): Promise<Accepted> {
  const { id: messageId, kind, thread } = message;
  const sessionId = sessionIdOf(thread);
  const facts = { session: sessionId, messageId, kind, platform: thread.platform };
  using span = tracer.start("receive", facts);
  const trace = span.traceparent;
  const accepted = await store.accept(trace === undefined ? message : { ...message, trace }, {
    opens,
  });
  const { status } = accepted;
  span.set({ status });
  if (status === "accepted") {
    log.debug({ sessionId, messageId, kind }, "Accepted a message");
    queue.wake(sessionId);
    control.notify(sessionId);
    line?.watch(message);
  }
  return accepted;
}

/**
 * The one way in. An event is checked, stored durably, and only then acknowledged (by the adapter, when this
 * resolves). Append and wake are two writes: the queue's sweep finds a session whose wake was lost.
 */
export function createInbound(
  options: AcceptOptions & {
    readonly gate: Gate;
    readonly audit: Audit;
    readonly clock: Clock;
    readonly tasks?: Inbound["tasks"];
  },
): Inbound {
  const { store, control, gate, audit, clock, log, tasks = [] } = options;
  /** What the gate refuses; undefined where it does not. */
  const refusalOf = (message: Message): Received | undefined => {
    const { actor, thread } = message;
    const action = actionOf(message);
    const verdict = gate.check({ actor, thread, action });
    if (verdict.allowed) return undefined;
    const { reason } = verdict;
    const sessionId = sessionIdOf(thread);
    log.info({ sessionId, actor: actor.id, action }, "Refused a message");
    if (action === "approve" || action === "remember")
      audit({ event: "approval-refused", at: clock.now(), sessionId, actor: actor.id, reason });
    return { status: "denied", reason };
  };
  return {
    tasks,
    check: (asker) =>
      gate.check({ ...asker, thread: { ...asker.thread, thread: "" }, action: "use" }),
    threads: async ({ limit }) => (await store.sessions({ limit })).map(({ thread }) => thread),
    async begunAt(thread) {
      const sessionId = sessionIdOf(thread);
      if (!(await store.session(sessionId))) return undefined;
      const [first] = await store.readInbox(sessionId, { after: 0 });
      // Read already, by a turn.
      const said = (await store.readJournal(sessionId, { after: 0 })).flatMap(({ entry }) =>
        entry.type === "message" ? [entry.message] : [],
      );
      const { schedule, sentAt } = said[0] ?? first?.message ?? {};
      return schedule === undefined ? sentAt : undefined;
    },
    async revise(revision) {
      const { message, thread } = revision;
      const sessionId = sessionIdOf(thread);
      if (!(await store.session(sessionId))) return { status: "ignored" };
      const refusal = message && refusalOf(message);
      if (refusal) return refusal;
      if (!(await store.revise(revision))) return { status: "ignored" };
      log.debug({ sessionId, messageId: revision.id, gone: !message }, "Revised a message");
      // It may be a stop now.
      control.notify(sessionId);
      return { status: "accepted" };
    },
    async receive(message) {
      const addressed = message.kind !== "thread" && message.kind !== "stop";
      const sessionId = sessionIdOf(message.thread);
      // Talk in threads that are none of ours is not judged, let alone answered.
      if (!addressed && !(await store.session(sessionId))) return { status: "ignored" };

      const refusal = refusalOf(message);
      if (refusal) return refusal;

      const { status } = await acceptMessage(message, { opens: addressed }, options);
      if (status === "no-session") return { status: "ignored" };
      return { status };
    },
  };
}

/** Whoever decides on a grant or changes a schedule must be an approver; to take one back, or to look, it is enough to be a user. */
function actionOf(message: Message): GateAction {
  if (message.kind === "stop") return "stop";
  const word = grantWordOf(message);
  if (word?.type === "schedules") return word.change ? "approve" : "use";
  return word?.type === "decide" ? deciding(word) : "use";
}

/** What somebody must be allowed to do who decides so. */
export const deciding = ({ choice }: { readonly choice: ApprovalChoice }): GateAction =>
  choice === "always" ? "remember" : "approve";
