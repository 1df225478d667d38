/** A piece of what a program in a container printed. */
export interface StreamPiece {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

/**
 * The pieces of an attached stream as they come. Nothing is gathered, so that a reader that waits holds back the
 * engine: dockerode's own `demuxStream` reads on and keeps all of it in memory.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* streamPieces(stream: AsyncIterable<Buffer>): AsyncGenerator<StreamPiece> {
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
      const bytes = rest.subarray(0, left);
      rest = rest.subarray(bytes.length);
      left -= bytes.length;
      yield { stream: isStdout ? "stdout" : "stderr", bytes };
    }
  }
}

/** The stdout of an attached container; what is on stderr is passed aside. */
export async function* demultiplex(
  stream: AsyncIterable<Buffer>,
  onStderr: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const piece of streamPieces(stream)) {
    if (piece.stream === "stdout") yield piece.bytes;
    else onStderr(piece.bytes);
  }
}

const headerBytes = 8;
