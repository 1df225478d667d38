import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** The server's end of a WebSocket: as much of RFC 6455 as the clients of Slack's and Discord's twins need. */
export interface TwinSocket {
  readonly isOpen: boolean;
  readonly isFrozen: boolean;
  send(text: string): void;
  /** Resolves when the client answered: all that was sent before has been read by it. */
  ping(): Promise<void>;
  /** Says that it ends, with 1000 or another code, and waits for the client to say so, too. */
  close(code?: number, reason?: string): void;
  /** From now on nothing is answered, and nothing is said: as when a network on the way has forgotten the line. */
  freeze(): void;
  /** Cuts the line. */
  destroy(): void;
}

/** Answers the handshake. */
export function acceptWebSocket(
  { request, socket }: { readonly request: IncomingMessage; readonly socket: Duplex },
  on: {
    readonly text: (text: string) => void;
    /** With the code that the client gave; undefined when the line was cut, or the end was the twin's own. */
    readonly closed: (code?: number) => void;
  },
): TwinSocket {
  const key = request.headers["sec-websocket-key"] ?? "";
  const accept = createHash("sha1").update(`${key}${magic}`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const pongs: (() => void)[] = [];
  let isOpen = true;
  let isFrozen = false;
  let unread: Buffer = Buffer.alloc(0);
  const end = (code?: number): void => {
    if (!isOpen) return;
    isOpen = false;
    for (const resolve of pongs.splice(0)) resolve();
    on.closed(code);
  };
  const take = ({ opcode, payload }: Frame): void => {
    switch (opcode) {
      case opcodes.text:
        return on.text(payload.toString());
      case opcodes.ping:
        return void socket.write(frame(opcodes.pong, payload));
      case opcodes.pong:
        // Pings of the client's own and answers to ours share the opcode; ours carry nothing.
        if (payload.length === 0) pongs.shift()?.();
        return;
      default:
        socket.end(frame(opcodes.close, payload.subarray(0, 2)));
        return end(payload.length < 2 ? undefined : payload.readUInt16BE(0));
    }
  };
  socket.on("data", (chunk: Buffer) => {
    if (isFrozen) return;
    unread = Buffer.concat([unread, chunk]);
    for (let next = parse(unread); next; next = parse(unread)) {
      unread = unread.subarray(next.bytes);
      take(next);
    }
  });
  socket.on("error", () => end());
  socket.on("close", () => end());
  return {
    get isOpen() {
      return isOpen;
    },
    get isFrozen() {
      return isFrozen;
    },
    send: (text) => void (isFrozen || socket.write(frame(opcodes.text, Buffer.from(text)))),
    ping: () =>
      new Promise((resolve) => {
        if (!isOpen || isFrozen) return resolve();
        pongs.push(resolve);
        socket.write(frame(opcodes.ping, Buffer.alloc(0)));
      }),
    close: (code = 1000, reason = "") =>
      void socket.write(
        frame(opcodes.close, Buffer.from([code >> 8, code & 255, ...Buffer.from(reason)])),
      ),
    freeze: () => {
      isFrozen = true;
    },
    destroy: () => void socket.destroy(),
  };
}

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A whole frame at the beginning of `data`, unmasked, and how long it is. */
function parse(data: Buffer): (Frame & { readonly bytes: number }) | undefined {
  if (data.length < 6) return undefined;
  const short = data.readUInt8(1) & 127;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (data.length < head + 4) return undefined;
  const length =
    short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
  const bytes = head + 4 + length;
  if (data.length < bytes) return undefined;
  const mask = data.subarray(head, head + 4);
  const payload = Buffer.from(data.subarray(head + 4, bytes));
  for (let at = 0; at < length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return { opcode: data.readUInt8(0) & 15, payload, bytes };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head.writeUInt8(128 | opcode, 0);
  if (length < 126) head.writeUInt8(length, 1);
  else if (length < 65_536) {
    head.writeUInt8(126, 1);
    head.writeUInt16BE(length, 2);
  } else {
    head.writeUInt8(127, 1);
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
