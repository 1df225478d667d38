import type { Duplex } from "node:stream";

/** Ends connections after their last words: takes in what still comes, without reading it, and closes soon. */
export type Linger = (socket: Duplex) => void;

/** How long the other side may take to read an answer that ends its connection. */
const lingerMs = 1_000;

export function createLinger(): Linger {
  // Several refused requests may wait on one connection.
  const ending = new WeakSet<Duplex>();
  return (socket) => {
    if (socket.destroyed || ending.has(socket)) return;
    ending.add(socket);
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    timer.unref();
    socket.once("close", () => clearTimeout(timer));
    socket.once("end", () => socket.destroy());
    socket.on("error", () => {});
    if (!socket.writableEnded) socket.end();
    socket.resume();
  };
}
