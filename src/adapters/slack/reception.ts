import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { Message } from "../../core/message.ts";
import type { Inbound, Received } from "../adapter.ts";
import { escaped } from "./mrkdwn.ts";
import type { Names } from "./people/names.ts";
import { introducing } from "./people/people.ts";
import { userGroups } from "./people/user-groups.ts";
import { spoken } from "./spoken.ts";
import type { SlackWorkspace } from "./workspaces.ts";

/** What all that comes in goes through on its way to the bot. */
export interface Reception extends AsyncDisposable {
  readonly inbound: Inbound;
  /** Sees to that it is known who has which rights: before anything of a workspace is taken. */
  prepare(workspace: SlackWorkspace): Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts with the adapter. */
  readonly signal: AbortSignal;
  /** Hands a message in, after those of its thread that came before. A refusal is told to the person alone. */
  receive(message: Message, workspace: SlackWorkspace): Promise<Received>;
  /** Does something after those of its thread that came before: a session is opened by one message and found by the next. */
  inOrder<Result>(thread: ThreadRef, run: () => Promise<Result>): Promise<Result>;
  /** Does what no acknowledgement waits for. Its failure is logged. */
  beside(work: Promise<unknown>, failure: string): void;
}

export function createReception({
  inbound: given,
  names: known,
  withGroups,
  clock,
  log,
}: {
  readonly inbound: Inbound;
  readonly names: Names;
  readonly withGroups: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}): Reception {
  const tails = new Map<string, Promise<unknown>>();
  const works = new Set<Promise<unknown>>();
  const ending = new AbortController();
  const { signal } = ending;

  const beside: Reception["beside"] = (work, failure) => {
    const done = work
      .catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: messageOf(error) }, failure);
      })
      .finally(() => works.delete(done));
    works.add(done);
  };
  const groups = withGroups ? userGroups({ clock, log, signal, beside }) : undefined;
  const inbound = introducing(given, { names: known, groups });
  const reception: Reception = {
    inbound,
    beside,
    prepare: async (workspace) => groups?.refresh(workspace),
    clock,
    log,
    signal,
    receive(message, workspace) {
      known.learn(message.actor.id, workspace);
      return reception.inOrder(message.thread, async () => {
        const received = await inbound.receive(message);
        if (received.status === "denied")
          reception.beside(
            tell(workspace, { message, reason: received.reason }, signal),
            "A refusal was not told",
          );
        return received;
      });
    },
    inOrder(thread, run) {
      const id = threadId(thread);
      const done = (tails.get(id) ?? Promise.resolve()).then(run);
      const tail = done
        .catch(() => {}) // Who brought it has it; the next message stands for itself.
        .finally(() => {
          if (tails.get(id) === tail) tails.delete(id);
        });
      tails.set(id, tail);
      return done;
    },
    async [Symbol.asyncDispose]() {
      // What was said to be under way shall still be asked.
      const enough = new AbortController();
      await Promise.race([
        Promise.all(works),
        clock.sleep(graceMs, enough).catch(() => {}), // All is done.
      ]);
      enough.abort();
      ending.abort();
      await Promise.all([...tails.values(), ...works]);
    },
  };
  return reception;
}

const graceMs = 3000;

/** Only the person sees it. */
async function tell(
  { api }: SlackWorkspace,
  { message, reason }: { readonly message: Message; readonly reason: string },
  signal: AbortSignal,
): Promise<void> {
  const { thread, actor } = message;
  const place = { channel: thread.channel, thread_ts: thread.thread, user: actor.id };
  await api.call(
    "chat.postEphemeral",
    { ...place, ...spoken(escaped(reason)) },
    { signal, waitMs: 30_000 },
  );
}
