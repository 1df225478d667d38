export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Whether it was time that ran out. */
  readonly isOver: boolean;
}

/** A signal that aborts with another, or when the time is over. Unlike `AbortSignal.timeout`, it leaves no timer behind. */
export function deadline(outer: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  let isOver = false;
  const onAbort = (): void => controller.abort(outer.reason);
  const timer = setTimeout(() => {
    isOver = true;
    controller.abort(new Error("Time is over"));
  }, ms);
  if (outer.aborted) onAbort();
  outer.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    get isOver() {
      return isOver;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer.removeEventListener("abort", onAbort);
    },
  };
}
