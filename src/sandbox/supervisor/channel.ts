import { Duplex } from "node:stream";

import {
  hostFrame,
  initialCredit,
  maxPayload,
  type PayloadReader,
  PayloadWriter,
  supervisorFrame,
} from "./protocol.ts";

export interface Channels {
  onOpen(listener: (channel: Duplex) => void): void;
  take(type: number, id: number, reader: PayloadReader): void;
  lost(): void;
}

interface ChannelsOptions {
  readonly send: (type: number, id: number, payload?: Uint8Array) => void;
}

/** Connections that were made inside the sandbox, as streams. Each side may send only what the other granted. */
export function createChannels({ send }: ChannelsOptions): Channels {
  const open = new Map<number, Channel>();
  let opened = (channel: Duplex): void => void channel.destroy();
  return {
    onOpen(listener) {
      opened = listener;
    },
    take(type, id, reader) {
      const channel = open.get(id);
      switch (type) {
        case supervisorFrame.channelOpen: {
          const fresh = new Channel({
            send: (kind, payload) => send(kind, id, payload),
            onClose: () => open.delete(id),
          });
          open.set(id, fresh);
          opened(fresh);
          return;
        }
        case supervisorFrame.channelData:
          channel?.arrived(Buffer.from(reader.rest()));
          return;
        case supervisorFrame.channelCredited:
          channel?.credited(reader.u32());
          return;
        case supervisorFrame.channelClose:
          channel?.closedByPeer();
      }
    },
    lost() {
      for (const channel of open.values()) channel.closedByPeer();
    },
  };
}

/** A class because that is how streams are made. */
class Channel extends Duplex {
  readonly #send: (kind: number, payload?: Uint8Array) => void;
  readonly #onClose: () => void;
  #credit = initialCredit;
  #waiting: { bytes: Buffer; done: () => void } | undefined;
  #peerClosed = false;

  constructor({ send, onClose }: ChannelOptions) {
    super({ allowHalfOpen: true });
    this.#send = send;
    this.#onClose = onClose;
  }

  arrived(bytes: Buffer): void {
    if (bytes.length === 0) this.push(null);
    else this.push(bytes);
    this.#granted += bytes.length;
  }

  credited(bytes: number): void {
    this.#credit += bytes;
    this.#flush();
  }

  closedByPeer(): void {
    this.#peerClosed = true;
    this.destroy();
  }

  /** Bytes that arrived and were not granted anew yet. */
  #granted = 0;

  override _read(): void {
    // Asked for more: what was pushed before is consumed, up to the stream's own buffer.
    if (this.#granted === 0) return;
    this.#send(hostFrame.channelCredit, new PayloadWriter().u32(this.#granted).bytes());
    this.#granted = 0;
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#waiting = { bytes: chunk, done };
    this.#flush();
  }

  override _final(done: () => void): void {
    this.#send(hostFrame.channelData);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#peerClosed) this.#send(hostFrame.channelClose);
    this.#onClose();
    done(error);
  }

  #flush(): void {
    const { waiting } = { waiting: this.#waiting };
    if (!waiting) return;
    while (waiting.bytes.length > 0 && this.#credit > 0) {
      const part = waiting.bytes.subarray(0, Math.min(this.#credit, maxPayload));
      this.#send(hostFrame.channelData, part);
      this.#credit -= part.length;
      waiting.bytes = waiting.bytes.subarray(part.length);
    }
    if (waiting.bytes.length > 0) return;
    this.#waiting = undefined;
    waiting.done();
  }
}

interface ChannelOptions {
  readonly send: (kind: number, payload?: Uint8Array) => void;
  readonly onClose: () => void;
}
