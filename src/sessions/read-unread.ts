import type { Adapter } from "../adapters/adapter.ts";
import type { InboxItem, Store } from "../store/store.ts";
import type { Session } from "./session.ts";

/**
 * The unread messages, with the names of who said them. A platform that does not tell names with messages is asked for
 * them here and not when they come in, so that no acknowledgement waits for it.
 */
export async function readUnread(
  { id, thread }: Pick<Session, "id" | "thread">,
  {
    store,
    adapter,
    unread: known,
  }: {
    readonly store: Store;
    readonly adapter: Pick<Adapter, "nameOf"> | undefined;
    /** What was read of the inbox already. */
    readonly unread?: readonly InboxItem[];
  },
): Promise<readonly InboxItem[]> {
  const unread = known ?? (await store.readInbox(id, { after: 0 }));
  if (!adapter?.nameOf) return unread;
  const nameless = unread.flatMap(({ message: { actor } }) =>
    actor.name === undefined ? [actor.id] : [],
  );
  const signal = AbortSignal.timeout(nameMs);
  const names = new Map(
    await Promise.all(
      [...new Set(nameless)].map(
        async (actorId) => [actorId, await adapter.nameOf?.(thread, actorId, { signal })] as const,
      ),
    ),
  );
  return unread.map((item) => {
    const { actor } = item.message;
    const name = actor.name ?? names.get(actor.id);
    return name === undefined
      ? item
      : { ...item, message: { ...item.message, actor: { ...actor, name } } };
  });
}

const nameMs = 2000;
