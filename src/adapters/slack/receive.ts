import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { threadId } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { Message } from "../../core/message.ts";
import type { Inbound } from "../adapter.ts";
import type { Assistant } from "./assistant.ts";
import { postedEvent } from "./events.ts";
import { escaped } from "./mrkdwn.ts";
import { pressedButton } from "./press.ts";
import type { HandleEvent } from "./socket.ts";
import { teamOf } from "./team-of.ts";
import { toldTwice } from "./told-twice.ts";
import type { SlackWorkspace, Workspaces } from "./workspaces.ts";

/** Brings what Slack tells to the bot: each post once, and those of a thread in their order. */
export function createReceiver({
  inbound,
  assistant,
  workspaces,
  clock,
  log,
}: {
  readonly inbound: Inbound;
  readonly assistant: Assistant;
  readonly workspaces: Workspaces;
  readonly clock: Clock;
  readonly log: Logger;
}): AsyncDisposable & { readonly handle: HandleEvent } {
  const twice = toldTwice({ clock });
  const tails = new Map<string, Promise<void>>();
  const telling = new Set<Promise<void>>();
  const ending = new AbortController();

  const receive = async (message: Message, workspace: SlackWorkspace): Promise<void> => {
    const received = await inbound.receive(message);
    if (received.status !== "denied") return;
    // Not waited for: the event is settled.
    const told = tell(workspace, { message, reason: received.reason }, ending.signal)
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, "A refusal was not told"))
      .finally(() => telling.delete(told));
    telling.add(told);
  };
  /** A session is opened by one message and found by the next. */
  const inOrder = (message: Message, workspace: SlackWorkspace): Promise<void> => {
    const id = threadId(message.thread);
    const done = (tails.get(id) ?? Promise.resolve()).then(() => receive(message, workspace));
    const tail = done
      .catch(() => {}) // Who brought it has it; the next message stands for itself.
      .finally(() => {
        if (tails.get(id) === tail) tails.delete(id);
      });
    tails.set(id, tail);
    return done;
  };

  return {
    async handle(body) {
      const workspace = await workspaces.find(teamOf(body), { signal: ending.signal });
      // It was removed there a moment ago: nobody waits for an answer.
      if (!workspace) return log.debug({}, "An event of a workspace without the bot");
      const { identity } = workspace;
      if (assistant.opened(eventOf(body), identity.teamId)) return;
      const press = pressedButton(body, identity);
      if (press) return inOrder(press, workspace);
      const posted = postedEvent(eventOf(body), identity);
      if (posted) return twice.settle(posted, () => inOrder(posted.message, workspace));
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all([...tails.values(), ...telling]);
    },
  };
}

function eventOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "event" in body ? body.event : undefined;
}

/** Only the person sees it. */
async function tell(
  { api }: SlackWorkspace,
  { message, reason }: { readonly message: Message; readonly reason: string },
  signal: AbortSignal,
): Promise<void> {
  const { thread, actor } = message;
  const place = { channel: thread.channel, thread_ts: thread.thread, user: actor.id };
  await api.call("chat.postEphemeral", { ...place, text: escaped(reason) }, { signal });
}
