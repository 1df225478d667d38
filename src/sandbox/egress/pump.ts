import type { Readable, Writable } from "node:stream";

export interface PumpOptions {
  /** Told of each chunk; gives what to write in its place. */
  readonly each: (chunk: Buffer) => Buffer;
  /** What is to be written at the end. */
  readonly last?: () => Buffer;
}

/**
 * Carries bytes with back-pressure. When `from` ends, `to` is ended too, and nothing is destroyed: the other direction
 * may go on. True when all was carried; false when one of both broke off. Never rejects.
 */
export function pump(from: Readable, to: Writable, { each, last }: PumpOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const onData = (chunk: Buffer): void => {
      const bytes = each(chunk);
      if (bytes.length > 0 && !to.write(bytes)) from.pause();
    };
    const onDrain = (): void => void from.resume();
    let isEnding = false;
    const onEnd = (): void => {
      isEnding = true;
      const bytes = last?.();
      if (bytes !== undefined && bytes.length > 0) to.write(bytes);
      to.end(() => finish(true));
    };
    // A reader that has all it wants may close before it is known here that it has.
    const onBreak = (): void => finish(isEnding);
    const onClose = (): void => {
      if (!from.readableEnded) finish(false);
    };
    const finish = (isWhole: boolean): void => {
      from.off("data", onData).off("end", onEnd).off("close", onClose);
      to.off("drain", onDrain).off("close", onBreak);
      resolve(isWhole);
    };
    // The error listeners stay: what breaks after the end has nobody else who would hear of it.
    from.on("error", onBreak);
    to.on("error", onBreak);
    to.on("drain", onDrain).on("close", onBreak);
    if (from.destroyed || to.destroyed) finish(false);
    else if (from.readableEnded) onEnd();
    else from.on("end", onEnd).on("close", onClose).on("data", onData).resume();
  });
}
