import { Worker } from "node:worker_threads";

/** Watches this process from a thread of its own, so that it sees to the limits even while the main thread is busy. */
export interface Guard {
  /** From now on the process dies when it holds more than this, or when its parent is gone. */
  watch(limitBytes: number): void;
  /** Ends the watch. Returns the most that the process was seen to hold, bytes. */
  rest(): number;
}

/** Where things lie in the shared memory. Sizes are in KiB, which fit. */
export const guardState = { watching: 0, limit: 1, peak: 2, length: 3 } as const;

/** What the guard writes to stderr before it ends the process. */
export const outOfMemoryMark = "opsthread: out of memory";

export interface GuardData {
  readonly state: Int32Array;
  readonly parentPid: number;
}

export function startGuard({ parentPid }: { readonly parentPid: number }): Guard {
  const bytes = guardState.length * Int32Array.BYTES_PER_ELEMENT;
  const state = new Int32Array(new SharedArrayBuffer(bytes));
  const data: GuardData = { state, parentPid };
  const thread = new Worker(new URL("./guard-thread.js", import.meta.url), { workerData: data });
  thread.unref();
  const set = (index: number, value: number): void => {
    Atomics.store(state, index, value);
  };
  return {
    watch(limitBytes) {
      set(guardState.limit, Math.min(2 ** 31 - 1, Math.ceil(limitBytes / 1024)));
      set(guardState.peak, 0);
      set(guardState.watching, 1);
      Atomics.notify(state, guardState.watching);
    },
    rest() {
      set(guardState.watching, 0);
      Atomics.notify(state, guardState.watching);
      return Atomics.load(state, guardState.peak) * 1024;
    },
  };
}
