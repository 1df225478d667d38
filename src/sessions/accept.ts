import type { Inbound } from "../adapters/adapter.ts";
import { sessionIdOf } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { Message } from "../core/message.ts";
import type { Queue } from "../queue/queue.ts";
import type { Store } from "../store/store.ts";
import type { Control } from "./control.ts";

/** Says who may do what; `security/access.ts` is the one that bots use. */
export interface Gate {
  check(request: {
    readonly actor: Message["actor"];
    readonly thread: Message["thread"];
    readonly action: "use" | "stop";
  }): { readonly allowed: true } | { readonly allowed: false; readonly reason: string };
}

/**
 * The one way in. An event is checked, stored durably, and only then acknowledged (by the adapter, when this
 * resolves). Append and wake are two writes: the queue's sweep finds a session whose wake was lost.
 */
export function createInbound({
  store,
  queue,
  control,
  gate,
  log,
}: {
  readonly store: Store;
  readonly queue: Queue;
  readonly control: Control;
  readonly gate: Gate;
  readonly log: Logger;
}): Inbound {
  return {
    async receive(message) {
      const addressed = message.kind !== "thread" && message.kind !== "stop";
      const sessionId = sessionIdOf(message.thread);
      // Talk in threads that are none of ours is not judged, let alone answered.
      if (!addressed && !(await store.session(sessionId))) return { status: "ignored" };

      const action = message.kind === "stop" ? "stop" : "use";
      const verdict = gate.check({ actor: message.actor, thread: message.thread, action });
      if (!verdict.allowed) {
        log.info({ sessionId, actor: message.actor.id, action }, "Refused a message");
        return { status: "denied", reason: verdict.reason };
      }

      const { status } = await store.accept(message, { opens: addressed });
      if (status === "no-session") return { status: "ignored" };
      if (status === "accepted") {
        log.debug({ sessionId, messageId: message.id, kind: message.kind }, "Accepted a message");
        queue.wake(sessionId);
        control.notify(sessionId);
      }
      return { status };
    },
  };
}
