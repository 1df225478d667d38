import { abortable } from "../core/abort.ts";

/** The same bytes until the signal aborts, even while `bytes` keeps its reader waiting. */
export async function* untilAborted(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await abortable(source.next(), signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: what hangs would hang here too. What it still throws concerns nobody any more.
    source.return?.().catch(() => {});
  }
}
