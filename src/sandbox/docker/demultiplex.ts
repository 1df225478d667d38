/**
 * The stdout of an attached container, in pieces as they come; what is on stderr is passed aside. Nothing is gathered, so
 * that a reader that waits holds back the engine: dockerode's own `demuxStream` reads on and keeps all of it in memory.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* demultiplex(
  stream: AsyncIterable<Buffer>,
  onStderr: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  let header = Buffer.alloc(0);
  let left = 0;
  let isStdout = false;
  for await (const chunk of stream) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = headerBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < headerBytes) break;
        const type = header.readUInt8(0);
        if (type > 2 || header.readUIntBE(1, 3) !== 0)
          throw new TypeError(
            "Cannot read from the container: the engine sent no valid stream header",
          );
        isStdout = type !== 2;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      if (isStdout) yield part;
      else onStderr(part);
    }
  }
}

const headerBytes = 8;
