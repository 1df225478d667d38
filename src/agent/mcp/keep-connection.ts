import { abortable } from "../../core/abort.ts";
import type { Connection } from "./connection.ts";

/** One connection, made when it is needed, and again when it was lost. */
export interface KeptConnection {
  get(options: { readonly signal: AbortSignal }): Promise<Connection>;
  /** Ends it; the next one who needs it gets a new one. Always the same function. */
  readonly close: () => Promise<void>;
}

export function keepConnection(
  open: (options: { readonly signal: AbortSignal }) => Promise<Connection>,
): KeptConnection {
  let current: { readonly opening: Promise<Connection>; opened?: Connection } | undefined;
  let closing = new AbortController();
  /** What is left of the last one: the next one takes its place only when that is gone. */
  let before = Promise.resolve();

  const begin = (): NonNullable<typeof current> => {
    const { signal } = closing;
    const last = before;
    const opening = (async () => {
      await last;
      signal.throwIfAborted();
      return open({ signal });
    })();
    const begun: NonNullable<typeof current> = { opening };
    before = opening.then(
      async (opened) => {
        begun.opened = opened;
        await opened.ended;
      },
      () => {
        if (current === begun) current = undefined;
      },
    );
    return begun;
  };

  return {
    get({ signal }) {
      if (current?.opened?.isOpen === false) current = undefined;
      current ??= begin();
      return abortable(current.opening, signal);
    },
    async close() {
      const ended = current;
      current = undefined;
      closing.abort();
      closing = new AbortController();
      await ended?.opening.then(
        (opened) => opened.close(),
        () => {}, // Whoever needed it was told.
      );
    },
  };
}
