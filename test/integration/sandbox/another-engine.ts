import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Transform } from "node:stream";

/** A way to a real engine on which it says that it runs on an architecture that nobody has heard of. */
export async function engineOfUnknownArchitecture(
  socket: string,
): Promise<AsyncDisposable & { readonly socket: string }> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-engine-"));
  const path = join(folder, "docker.sock");
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: socket, allowHalfOpen: true });
    client.pipe(new PassThrough()).pipe(engine);
    engine.pipe(renaming()).pipe(client);
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await listening(server, path);
  return {
    socket: path,
    async [Symbol.asyncDispose]() {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve) => {
    server.listen(path, resolve);
  });

/** The same length, so that the rest of the answer stays as it is. */
function renaming(): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const text = chunk.toString("latin1");
      const renamed = text.replace(
        /"Architecture":"(\w+)"/,
        (_all, name: string) => `"Architecture":"${"z".repeat(name.length)}"`,
      );
      done(null, Buffer.from(renamed, "latin1"));
    },
  });
}
