/**
 * The host's side of the supervisor's protocol. `protocol.h` describes it and is the same for the supervisor.
 */
export const protocolVersion = 1;
export const frameMagic = 0x544f;
export const headerBytes = 16;
export const maxPayload = 65_536;
export const syncMark: Buffer = Buffer.from("\u00f0OPSTHREAD-SYNC\u00f1", "latin1");
/** What each side may send on stdin and on a channel before the other grants more. */
export const initialCredit = 262_144;

export const hostFrame = {
  hello: 1,
  ping: 2,
  exec: 3,
  stdin: 4,
  credit: 5,
  kill: 6,
  list: 7,
  adopt: 8,
  release: 9,
  end: 10,
  listen: 11,
  resize: 12,
  channelData: 13,
  channelCredit: 14,
  channelClose: 15,
} as const;

export const supervisorFrame = {
  welcome: 128,
  pong: 129,
  started: 130,
  output: 131,
  stdinCredit: 132,
  captured: 133,
  result: 134,
  adopted: 135,
  listed: 136,
  listening: 137,
  channelOpen: 138,
  channelData: 139,
  channelCredited: 140,
  channelClose: 141,
  failed: 142,
  bye: 143,
} as const;

export const feature = {
  landlockFiles: 1,
  landlockSignals: 2,
  seccomp: 4,
  memoryCounter: 8,
  terminal: 16,
  closedStream: 32,
} as const;
export const streamNumber = { stdout: 1, stderr: 2, control: 3 } as const;
export const execFlag = { terminal: 1, stdin: 2, control: 4, live: 8, restrictFiles: 16 } as const;
export const resultKind = {
  exit: 0,
  signal: 1,
  timeout: 2,
  outOfMemory: 3,
  stopped: 4,
  limit: 5,
  failedExec: 6,
  lost: 7,
} as const;

/** Builds a payload. */
export class PayloadWriter {
  readonly #parts: Buffer[] = [];

  u8(value: number): this {
    return this.#push(1, (part) => part.writeUInt8(value));
  }
  u16(value: number): this {
    return this.#push(2, (part) => part.writeUInt16LE(value));
  }
  u32(value: number): this {
    return this.#push(4, (part) => part.writeUInt32LE(value));
  }
  u64(value: number): this {
    return this.#push(8, (part) => part.writeBigUInt64LE(BigInt(value)));
  }
  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }
  str(text: string): this {
    const bytes = Buffer.from(text);
    return this.u32(bytes.length).raw(bytes);
  }
  list(texts: readonly string[]): this {
    this.u32(texts.length);
    for (const text of texts) this.str(text);
    return this;
  }
  /** @throws {RangeError} when it is more than a frame may carry */
  bytes(): Buffer {
    const bytes = Buffer.concat(this.#parts);
    if (bytes.length <= maxPayload) return bytes;
    throw new RangeError(
      `Cannot ask the sandbox: the request has ${bytes.length} bytes, expected at most ${maxPayload}; put long text into a file or stdin`,
    );
  }

  #push(size: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(size);
    write(part);
    this.#parts.push(part);
    return this;
  }
}

/** Reads a payload. Throws a `RangeError` where it ends early. */
export class PayloadReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }
  u16(): number {
    return this.#bytes.readUInt16LE(this.#skip(2));
  }
  u32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }
  u64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#skip(8)));
  }
  raw(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }
  str(): string {
    return this.raw(this.u32()).toString();
  }
  rest(): Buffer {
    return this.raw(this.#bytes.length - this.#at);
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError("The payload ends early");
    this.#at += length;
    return at;
  }
}
