import { abortable } from "../core/abort.ts";

/** Lets one in at a time, in the order of asking. */
export interface Lock {
  /** Resolves when it is free, with the function that frees it again. Rejects when the signal aborts first. */
  acquire(options: { readonly signal: AbortSignal }): Promise<() => void>;
}

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async acquire({ signal }) {
      let release = (): void => {};
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const before = last;
      last = before.then(() => mine);
      try {
        await abortable(before, signal);
      } catch (error) {
        release();
        throw error;
      }
      return release;
    },
  };
}
