import type { Clock } from "../../core/clock.ts";
import { floods, maxMessageBytes, tooLong } from "./allowance.ts";

export interface BoundedBodyOptions {
  readonly clock: Pick<Clock, "now">;
  /** Whether blank lines are between its messages, or it is one message. */
  readonly isEvents: boolean;
  readonly onTooMuch: (reason: string) => void;
}

/**
 * An answer's body until it is too much: a message of more bytes than one may have, or more in a minute than four of those.
 * Then the stream fails.
 */
export function boundedBody({
  clock: { now },
  isEvents,
  onTooMuch,
}: BoundedBodyOptions): TransformStream<Uint8Array, Uint8Array> {
  const message = messageBytes();
  let total = 0;
  let minuteBegan = now();
  let inMinute = 0;
  return new TransformStream({
    transform(chunk, controller) {
      if (now() - minuteBegan >= 60_000) {
        minuteBegan = now();
        inMinute = 0;
      }
      inMinute += chunk.length;
      total += chunk.length;
      const longest = isEvents ? message.count(chunk) : total;
      if (longest <= maxMessageBytes && inMinute <= 4 * maxMessageBytes)
        return controller.enqueue(chunk);
      const reason = longest > maxMessageBytes ? tooLong : floods;
      onTooMuch(reason);
      controller.error(new Error(reason));
    },
  });
}

/** Counts the bytes since the last blank line, by which events end; a line ends with CR, LF, or both. */
function messageBytes() {
  let bytes = 0;
  let inLine = 0;
  let last = 0;
  return {
    count(chunk: Uint8Array): number {
      for (const byte of chunk) {
        bytes += 1;
        if (byte !== newline && byte !== carriageReturn) inLine += 1;
        else if (byte !== newline || last !== carriageReturn) {
          if (inLine === 0) bytes = 0;
          inLine = 0;
        }
        last = byte;
      }
      return bytes;
    },
  };
}

const newline = 10;
const carriageReturn = 13;
