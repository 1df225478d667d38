import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Gunzip, createGunzip } from "node:zlib";

import { messageOf } from "../../../core/errors.ts";

/**
 * Unpacks gzip, of one member or several. A stream that is cut off or damaged yields what could be unpacked before,
 * and then calls `onProblem` with what is wrong instead of throwing.
 */
export async function* gunzip(
  source: AsyncIterable<Buffer>,
  { onProblem }: { readonly onProblem: (problem: string) => void },
): AsyncGenerator<Buffer> {
  const unzip = createGunzip({ chunkSize: 256 * 1024 });
  const feeding = new AbortController();
  const fed = feed(source, unzip, feeding.signal);
  try {
    const chunks: AsyncIterable<Buffer> = unzip;
    yield* chunks;
  } catch (error) {
    onProblem(messageOf(error));
  } finally {
    feeding.abort();
    unzip.destroy();
    await fed;
  }
}

/**
 * Ends the stream only after everything before was taken out of it: a stream that fails drops what it still holds,
 * and a cut-off file fails at its very end.
 */
async function feed(
  source: AsyncIterable<Buffer>,
  unzip: Gunzip,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of source) {
      if (!unzip.write(chunk)) await once(unzip, "drain", { signal });
    }
    while (unzip.writableLength > 0 || unzip.readableLength > 0) {
      await nextTurn(undefined, { signal });
    }
    unzip.end();
  } catch (error) {
    // Either the reader stopped, and nobody waits for more, or the source failed, and the reader must learn of it.
    unzip.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  }
}
