import type { Duplex } from "node:stream";

import { readFirstBytes, type FirstBytes } from "./client-hello.ts";

/**
 * Waits for what a connection begins with and puts it back, so that whoever reads next gets all of it. `more` when it
 * ended, broke or was given up before enough had come. `onStart` is told when the first byte has come.
 */
export function peek(
  socket: Duplex,
  { signal, onStart }: { readonly signal: AbortSignal; readonly onStart: () => void },
): Promise<FirstBytes> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      if (bytes.length === 0) onStart();
      bytes = Buffer.concat([bytes, chunk]);
      const first = readFirstBytes(bytes);
      if (first.type === "more") return;
      finish(first);
      socket.unshift(bytes);
    };
    const onEnd = (): void => finish({ type: "more" });
    const finish = (first: FirstBytes): void => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd);
      signal.removeEventListener("abort", onEnd);
      socket.pause();
      resolve(first);
    };
    signal.addEventListener("abort", onEnd, { once: true });
    if (signal.aborted || socket.readableEnded || socket.destroyed) onEnd();
    else socket.on("end", onEnd).on("close", onEnd).on("data", onData).resume();
  });
}
