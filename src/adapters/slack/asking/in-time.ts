import type { Clock } from "../../../core/clock.ts";

/**
 * Waits for work as long as Slack, which gives three seconds, can be kept waiting for an acknowledgement: what it comes to,
 * or `undefined` where it takes longer.
 */
export async function inTime<Result>(
  work: Promise<Result>,
  { clock, waitMs = 1800 }: { readonly clock: Clock; readonly waitMs?: number },
): Promise<{ readonly result: Result } | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([
      work.then((result) => ({ result })),
      clock.sleep(waitMs, over).then(() => undefined),
    ]);
  } finally {
    over.abort();
  }
}
