import type { CapturedStream } from "../supervisor/executions.ts";

/** Keeps the head of one stream and its tail, each of so many bytes, as the supervisor does. */
export interface StreamCapture {
  push(bytes: Buffer): void;
  captured(): CapturedStream;
}

/** Of memory it takes three times `captureBytes` at most. */
export function captureStream(captureBytes: number): StreamCapture {
  const head: Buffer[] = [];
  let headLength = 0;
  let tail = Buffer.alloc(0);
  let bytes = 0;
  return {
    push(all) {
      bytes += all.length;
      const first = all.subarray(0, captureBytes - headLength);
      // Copies: what is given may be part of something much larger.
      if (first.length > 0) head.push(Buffer.from(first));
      headLength += first.length;
      const rest = all.subarray(first.length);
      if (rest.length === 0 || captureBytes === 0) return;
      const kept = Math.max(0, captureBytes - rest.length);
      tail = Buffer.concat([
        kept === 0 ? Buffer.alloc(0) : tail.subarray(-kept),
        rest.subarray(-captureBytes),
      ]);
    },
    captured: () => ({ head: Buffer.concat(head), tail, bytes, spill: "none" }),
  };
}
