/**
 * Tells running turns that something came in which may end them. It carries no decision: the turn looks into its
 * inbox, which is the truth, so that a late or repeated signal can never hit the wrong turn.
 */
export interface Control {
  /** Called by accept, after the message is stored. */
  notify(sessionId: string): void;
  /** Calls `onNotice` on each notice until the returned function is called. */
  watch(sessionId: string, onNotice: () => void): () => void;
}

/** For turns and adapters in one process. */
export function localControl(): Control {
  const watchers = new Map<string, Set<() => void>>();
  return {
    notify(sessionId) {
      for (const onNotice of watchers.get(sessionId) ?? []) onNotice();
    },
    watch(sessionId, onNotice) {
      const set = watchers.get(sessionId) ?? new Set();
      watchers.set(sessionId, set.add(onNotice));
      return () => {
        set.delete(onNotice);
        if (set.size === 0) watchers.delete(sessionId);
      };
    },
  };
}
