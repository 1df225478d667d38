import type { Duplex } from "node:stream";

/** How long the other side may take to read an answer that ends its connection. */
const lingerMs = 1_000;

/** Ends a connection after its last words: takes in what still comes, without reading it, and closes soon. */
export function linger(socket: Duplex): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
  socket.on("error", () => {});
  if (!socket.writableEnded) socket.end();
  socket.resume();
}
