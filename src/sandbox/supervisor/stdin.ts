/** What a command reads: all of it at once, or as it comes. */
export type Stdin = string | AsyncIterable<Uint8Array>;

export interface Feeding {
  /** Resolves when there is room for more, or nobody reads any more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Settles when the command has ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Gives a command its stdin, and resolves when that has come to its end. A stream is asked for no more than the command
 * reads, and is let go of when the command has ended.
 */
export async function feedStdin(stdin: Stdin, { write, ended }: Feeding): Promise<void> {
  if (typeof stdin === "string") return write(Buffer.from(stdin));
  const source = stdin[Symbol.asyncIterator]();
  let isOver = false;
  // Not a race with each `next()`: that would keep a reaction for each piece until the command ends.
  const letGo = async (): Promise<void> => {
    await ended;
    isOver = true;
    await source.return?.();
  };
  void letGo().catch(() => {}); // It matters to nobody any more.
  for (;;) {
    const next = await source.next();
    if (isOver || next.done === true) return;
    await write(next.value);
  }
}
