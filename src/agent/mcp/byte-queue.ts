/** Bytes that one side puts in and another takes out as it can. */
export interface ByteQueue {
  /** False when too much waits already, or it has ended. */
  push(bytes: Uint8Array): boolean;
  /** What waits is dropped; whoever takes out is told the end. */
  end(): void;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A queue for one taker. */
export function byteQueue({ maxBytes }: { readonly maxBytes: number }): ByteQueue {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let isOver = false;
  let wake = (): void => {};
  const end = (): void => {
    isOver = true;
    waiting = [];
    wake();
  };
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    for (;;) {
      const value = waiting.shift();
      if (value) {
        waitingBytes -= value.length;
        return { done: false, value };
      }
      if (isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const finish = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    end();
    return { done: true, value: undefined };
  };
  return {
    push(bytes) {
      if (isOver || waitingBytes + bytes.length > maxBytes) return false;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      wake();
      return true;
    },
    end,
    // Not a generator: that could not be ended while it waits for more.
    bytes: { [Symbol.asyncIterator]: () => ({ next, return: finish }) },
  };
}
