/** Where stalled replies wait. */
export interface Gate {
  /** Waits until the gate is opened. Rejects when the client goes. */
  wait(signal: AbortSignal): Promise<void>;
  /** Lets go who waits now. Who comes later waits again. */
  release(): void;
  /** Resolves as soon as somebody waits. */
  stalled(): Promise<void>;
}

export function gate(): Gate {
  const waiting = new Set<() => void>();
  const watchers = new Set<() => void>();
  return {
    async wait(signal) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const settle = (finish: () => void) => (): void => {
          waiting.delete(go);
          signal.removeEventListener("abort", gone);
          finish();
        };
        const go = settle(resolve);
        const gone = settle(() => reject(signal.reason));
        waiting.add(go);
        signal.addEventListener("abort", gone, { once: true });
        for (const watcher of watchers) watcher();
      });
    },
    release() {
      for (const go of waiting) go();
    },
    async stalled() {
      if (waiting.size > 0) return;
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      });
    },
  };
}
