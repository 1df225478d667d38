/** The same bytes in pieces of exactly `size`, but for the last one. None for no bytes. */
export async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let room = size;
  for await (const chunk of bytes) {
    let rest = chunk;
    while (rest.length >= room) {
      yield Buffer.concat([...held, rest.subarray(0, room)], size);
      rest = rest.subarray(room);
      held = [];
      room = size;
    }
    // A view of a chunk that was cut would keep all of it.
    if (rest.length > 0) held.push(rest.length < chunk.length ? Buffer.from(rest) : rest);
    room -= rest.length;
  }
  if (room < size) yield Buffer.concat(held);
}
