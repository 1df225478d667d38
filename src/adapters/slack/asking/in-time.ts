import type { Clock } from "../../../core/clock.ts";

/**
 * Waits for work as long as Slack can be kept waiting for an acknowledgement: what it comes to, or `undefined` where it
 * takes longer.
 */
export async function inTime<Result>(
  work: Promise<Result>,
  { clock }: { readonly clock: Clock },
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

/** Slack waits for three seconds. */
const waitMs = 2000;
