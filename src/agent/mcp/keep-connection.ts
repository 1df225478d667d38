import { abortable } from "../../core/abort.ts";
import type { Connection } from "./connection.ts";

/** One connection, made when it is needed, and again when it was lost. */
export interface KeptConnection {
  get(options: { readonly signal: AbortSignal }): Promise<Connection>;
  /** Ends it; the next one who needs it gets a new one. */
  close(): Promise<void>;
  /** The same for who does not wait for it. Always the same function. */
  readonly letGo: () => void;
}

export function keepConnection(
  open: (options: { readonly signal: AbortSignal }) => Promise<Connection>,
): KeptConnection {
  let current: Begun | undefined;
  let closing = new AbortController();
  /** What is left of the last one: the next one takes its place only when that is gone. */
  let before = Promise.resolve();

  const begin = (): Begun => {
    const { signal } = closing;
    const last = before;
    const opening = (async () => {
      await last;
      signal.throwIfAborted();
      return open({ signal });
    })();
    const begun: Begun = { opening };
    before = untilEnded(begun);
    return begun;
  };

  const untilEnded = async (begun: Begun): Promise<void> => {
    try {
      begun.opened = await begun.opening;
      await begun.opened.ended;
    } catch {
      // Whoever needed it was told; the next one may try.
      if (current === begun) current = undefined;
    }
  };

  const close = async (): Promise<void> => {
    const ended = current;
    current = undefined;
    closing.abort();
    closing = new AbortController();
    const opened = await ended?.opening.catch(() => undefined); // Whoever needed it was told.
    await opened?.close();
  };

  return {
    get({ signal }) {
      if (current?.opened?.isOpen === false) current = undefined;
      current ??= begin();
      return abortable(current.opening, signal);
    },
    close,
    letGo: () => void close(),
  };
}

interface Begun {
  readonly opening: Promise<Connection>;
  opened?: Connection;
}
