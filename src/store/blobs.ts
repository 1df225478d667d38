/**
 * Where large things lie: artifacts, and checkpoints of workspaces. A blob is written once and never changes.
 * Ids are chosen by the writer, `[0-9A-Za-z_-]+` segments joined by `/`.
 */
export interface Blobs {
  /** Writes a blob, durably and all at once: a reader sees the whole of it or nothing. Replaces an equal id. */
  put(
    id: string,
    bytes: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly bytes: number }>;
  /**
   * The bytes, or undefined when there is no such blob. What is read is what was written, or reading fails: a driver that is
   * far away compares a hash of it.
   * @throws {OpsthreadError} while it is read, `BLOB_DAMAGED`
   */
  open(id: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Removes every blob whose id starts with `prefix/`, and what writers that broke off left of such. */
  remove(prefix: string): Promise<void>;
  /**
   * Tries all of it, and leaves nothing. Asked when a bot starts, where there is something that can be wrong with it.
   * @throws {OpsthreadError} `BLOBS_UNAVAILABLE`, which says what to do
   */
  check?(options: { readonly signal: AbortSignal }): Promise<void>;
}
