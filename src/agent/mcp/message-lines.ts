export interface LineReaderOptions {
  readonly maxBytes: number;
  readonly onLine: (line: string) => void;
  readonly onTooLong: () => void;
}

/** Makes lines of bytes that come in pieces. Memory is bounded by the longest line that may be. */
export function lineReader({ maxBytes, onLine, onTooLong }: LineReaderOptions) {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isOver = false;

  const keep = (bytes: Uint8Array): void => {
    pendingBytes += bytes.length;
    if (pendingBytes > maxBytes) {
      isOver = true;
      pending = [];
      return onTooLong();
    }
    if (bytes.length > 0) pending.push(Buffer.from(bytes)); // A copy: the bytes given are the giver's.
  };
  const taken = (): string => {
    const line = Buffer.concat(pending).toString();
    pending = [];
    pendingBytes = 0;
    return line;
  };

  return {
    push(bytes: Uint8Array): void {
      let from = 0;
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
        if (isOver) return;
        keep(bytes.subarray(from, end));
        from = end + 1;
        if (!isOver) onLine(taken());
      }
      if (!isOver) keep(bytes.subarray(from));
    },
  };
}
