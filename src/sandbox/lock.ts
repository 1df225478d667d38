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

/** A lock for each name, for work that takes little and is not left in the middle. */
export type Locked = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function createLocks(): Locked {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
