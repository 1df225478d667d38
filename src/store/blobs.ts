/**
 * Where large things lie: artifacts, and later workspace checkpoints. A blob is written once and never changes.
 * Ids are chosen by the writer, `[0-9A-Za-z_-]+` segments joined by `/`.
 */
export interface Blobs {
  /** Writes a blob, durably and all at once: a reader sees the whole of it or nothing. Replaces an equal id. */
  put(
    id: string,
    bytes: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly bytes: number }>;
  /** The bytes, or undefined when there is no such blob. */
  open(id: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Removes every blob whose id starts with `prefix/`. */
  remove(prefix: string): Promise<void>;
}
