import { setMaxListeners } from "node:events";

import type { Clock } from "./clock.ts";

/**
 * Settles as `promise` does, or rejects with `signal.reason` as soon as the signal aborts.
 * The work behind `promise` must stop by itself; this only stops the waiting.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {}); // Nobody waits for it any more.
    throw signal.reason;
  }
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Why work was stopped. It is the `reason` of the AbortSignal, so that each layer can say the truth. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  /**
   * - `stop`: a person asked for it;
   * - `interrupt`: a newer message takes over;
   * - `timeout`: a time limit of the caller;
   * - `shutdown`: the process ends, the work goes on elsewhere or later;
   * - `lease-lost`: another worker owns the session now.
   */
  readonly by: "stop" | "interrupt" | "timeout" | "shutdown" | "lease-lost";

  constructor(by: Stopped["by"]) {
    super(`Stopped: ${by}`);
    this.by = by;
  }
}

/**
 * A controller that also aborts when one of `outers` does, for the same reason. Dispose it when what it is for has ended. Where an
 * outer signal lives long it has to be this one: `AbortSignal.any()` leaves a little in it for each signal made from it.
 */
export function linkedController(
  ...outers: readonly AbortSignal[]
): Disposable & { readonly controller: AbortController } {
  const controller = new AbortController();
  // All that a turn does listens to it: how many that are is no sign of a leak.
  setMaxListeners(0, controller.signal);
  const end = (): void => controller.abort(outers.find(({ aborted }) => aborted)?.reason);
  for (const outer of outers) outer.addEventListener("abort", end);
  if (outers.some(({ aborted }) => aborted)) end();
  return {
    controller,
    [Symbol.dispose]() {
      for (const outer of outers) outer.removeEventListener("abort", end);
    },
  };
}

/** A signal that also aborts, with {@link Stopped} by `timeout`, when `ms` are over. Dispose it when what it is for has ended. */
export function timeLimit(
  ms: number | undefined,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Disposable & { readonly signal: AbortSignal } {
  if (ms === undefined) return { signal, [Symbol.dispose]: () => {} };
  const over = new AbortController();
  const ended = new AbortController();
  clock.sleep(ms, { signal: ended.signal }).then(
    () => over.abort(new Stopped("timeout")),
    () => {}, // It ended in time.
  );
  const limited = AbortSignal.any([signal, over.signal]);
  // As for a turn's own: all that goes on in it listens.
  setMaxListeners(0, limited);
  return {
    signal: limited,
    [Symbol.dispose]: () => ended.abort(),
  };
}
