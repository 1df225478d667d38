/** @throws {RangeError} for an id that is not made of `[0-9A-Za-z_-]+` segments joined by `/` */
export function assertBlobId(id: string): void {
  if (/^[\w-]+(\/[\w-]+)*$/.test(id)) return;
  throw new RangeError(
    `Cannot use blob id ${JSON.stringify(id)}: expected segments of [0-9A-Za-z_-] joined by "/"`,
  );
}
