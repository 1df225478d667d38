import { crc32 } from "node:zlib";

import { frameMagic, headerBytes, maxPayload, syncMark } from "./protocol.ts";

export interface Frame {
  readonly type: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function encodeFrame(type: number, id: number, payload: Uint8Array = nothing): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt16LE(frameMagic, 0);
  frame.writeUInt8(type, 2);
  frame.writeUInt8(0, 3);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt32LE(payload.length, 8);
  frame.set(payload, headerBytes);
  frame.writeUInt32LE(checksum(frame), 12);
  return frame;
}

const nothing = new Uint8Array();

/** Of the header without its last field, and of the payload. */
function checksum(frame: Buffer): number {
  const header = crc32(frame.subarray(0, 12));
  // Of nothing, Node may say 0 whatever came before.
  return frame.length === headerBytes ? header : crc32(frame.subarray(headerBytes), header);
}

/** Takes bytes as they come and gives the frames in them. What does not make sense is skipped up to the next sync mark. */
export function createFrameParser(): { push(chunk: Buffer): Generator<Frame> } {
  const queue = createByteQueue();
  let inStep = false;
  return {
    *push(chunk) {
      queue.push(chunk);
      for (;;) {
        if (!inStep) {
          if (!skipToMark(queue)) return;
          inStep = true;
        }
        const header = queue.peek(headerBytes);
        if (!header) return;
        const length = header.readUInt32LE(8);
        if (header.readUInt16LE(0) !== frameMagic || length > maxPayload) {
          inStep = false;
          continue;
        }
        const frame = queue.peek(headerBytes + length);
        if (!frame) return;
        if (checksum(frame) !== frame.readUInt32LE(12)) {
          inStep = false;
          continue;
        }
        queue.drop(frame.length);
        yield {
          type: frame.readUInt8(2),
          id: frame.readUInt32LE(4),
          payload: frame.subarray(headerBytes),
        };
      }
    },
  };
}

/** False when the mark is not there yet; what can't be its beginning is gone then. */
function skipToMark(queue: ByteQueue): boolean {
  const bytes = queue.peek(queue.length) ?? Buffer.alloc(0);
  const at = bytes.indexOf(syncMark);
  queue.drop(at === -1 ? Math.max(0, bytes.length - syncMark.length + 1) : at + syncMark.length);
  return at !== -1;
}

interface ByteQueue {
  readonly length: number;
  push(chunk: Buffer): void;
  /** The first bytes, in one piece; undefined while there are fewer. */
  peek(count: number): Buffer | undefined;
  drop(count: number): void;
}

function createByteQueue(): ByteQueue {
  let chunks: Buffer[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(chunk) {
      chunks.push(chunk);
      length += chunk.length;
    },
    peek(count) {
      if (count > length) return undefined;
      const [first] = chunks;
      if (first && first.length >= count) return first.subarray(0, count);
      const whole = Buffer.concat(chunks);
      chunks = [whole];
      return whole.subarray(0, count);
    },
    drop(count) {
      length -= count;
      for (let left = count; left > 0;) {
        const [first] = chunks;
        if (!first) return;
        if (first.length > left) {
          chunks[0] = first.subarray(left);
          return;
        }
        left -= first.length;
        chunks.shift();
      }
    },
  };
}
