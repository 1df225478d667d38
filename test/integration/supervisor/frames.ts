import { crc32 } from "node:zlib";

/** The protocol as these tests speak it, written from `protocol.h` alone. */
export const mark = Buffer.from("\u00f0OPSTHREAD-SYNC\u00f1", "latin1");
export const maxPayload = 65_536;
export const headerBytes = 16;
export const initialCredit = 262_144;

export const host = {
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

export const supervisor = {
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

export const features = {
  landlockFiles: 1,
  landlockSignals: 2,
  seccomp: 4,
  memory: 8,
  terminal: 16,
  closedStream: 32,
};
export const execFlags = { terminal: 1, stdin: 2, control: 4, live: 8, restrictFiles: 16 };
export const kinds = [
  "exit",
  "signal",
  "timeout",
  "out-of-memory",
  "stopped",
  "limit",
  "failed-exec",
  "lost",
] as const;

export interface Frame {
  readonly type: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function encode(type: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(headerBytes + payload.length);
  frame.writeUInt16LE(0x544f, 0);
  frame.writeUInt8(type, 2);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt32LE(payload.length, 8);
  payload.copy(frame, headerBytes);
  frame.writeUInt32LE(checksum(frame, payload), 12);
  return frame;
}

/** `crc32()` of an empty buffer may be 0, whatever it is to go on from: zlib takes a null pointer as a wish for that. */
function checksum(header: Buffer, payload: Buffer): number {
  const ofHeader = crc32(header.subarray(0, 12));
  return payload.length === 0 ? ofHeader : crc32(payload, ofHeader);
}

export const u8 = (value: number) => Buffer.from([value]);
export const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]);
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
export function str(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}
export const list = (values: readonly string[]) =>
  Buffer.concat([u32(values.length), ...values.map(str)]);

/** Takes frames out of a stream; throws on anything that is not one. */
export class Decoder {
  #rest: Buffer = Buffer.alloc(0);
  #synced = false;
  readonly #seekMark: boolean;

  constructor(seekMark: boolean) {
    this.#seekMark = seekMark;
  }

  *push(bytes: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      if (!this.#synced && !this.#findMark()) return;
      if (this.#rest.length < headerBytes) return;
      if (this.#rest.subarray(0, mark.length).equals(mark)) {
        this.#synced = false;
        continue;
      }
      if (this.#rest.readUInt16LE(0) !== 0x544f) throw new Error("Wrong magic");
      const end = headerBytes + this.#rest.readUInt32LE(8);
      if (end > headerBytes + maxPayload) throw new Error("Wrong length");
      if (this.#rest.length < end) return;
      const payload = this.#rest.subarray(headerBytes, end);
      if (checksum(this.#rest, payload) !== this.#rest.readUInt32LE(12))
        throw new Error("Wrong checksum");
      const frame = { type: this.#rest.readUInt8(2), id: this.#rest.readUInt32LE(4), payload };
      this.#rest = this.#rest.subarray(end);
      yield frame;
    }
  }

  #findMark(): boolean {
    const at = this.#rest.indexOf(mark);
    if (at > 0 && !this.#seekMark) throw new Error(`${at} bytes before the mark`);
    if (at < 0) return false;
    this.#rest = this.#rest.subarray(at + mark.length);
    this.#synced = true;
    return true;
  }
}

export interface ExecFields {
  readonly id: string;
  readonly argv: readonly string[];
  readonly flags?: number;
  readonly cwd?: string;
  readonly env?: readonly string[];
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  readonly captureBytes?: number;
  readonly outputBytes?: number;
  readonly fileBytes?: number;
  readonly addressBytes?: number;
  readonly openFiles?: number;
  readonly processes?: number;
  readonly background?: number;
  readonly liveBytes?: number;
  readonly columns?: number;
  readonly rows?: number;
  readonly spillFolder?: string;
  readonly readable?: readonly string[];
  readonly writable?: readonly string[];
}

export function encodeExec(fields: ExecFields): Buffer {
  return Buffer.concat([
    str(fields.id),
    u32(fields.flags ?? 0),
    str(fields.cwd ?? "/"),
    list(fields.argv),
    list(fields.env ?? ["PATH=/usr/local/bin:/usr/bin:/bin"]),
    u32(fields.timeoutMs ?? 0),
    u32(fields.graceMs ?? 0),
    u32(fields.captureBytes ?? maxPayload),
    u64(fields.outputBytes ?? 0),
    u64(fields.fileBytes ?? 0),
    u64(fields.addressBytes ?? 0),
    u32(fields.openFiles ?? 0),
    u32(fields.processes ?? 0),
    u32(fields.background ?? 0),
    u32(fields.liveBytes ?? initialCredit),
    u16(fields.columns ?? 80),
    u16(fields.rows ?? 24),
    str(fields.spillFolder ?? ""),
    list(fields.readable ?? []),
    list(fields.writable ?? []),
  ]);
}

/** Reads a payload from front to back. */
export class Cursor {
  #at = 0;
  readonly #payload: Buffer;
  constructor(payload: Buffer) {
    this.#payload = payload;
  }
  u8(): number {
    return this.#payload.readUInt8(this.#move(1));
  }
  u16(): number {
    return this.#payload.readUInt16LE(this.#move(2));
  }
  u32(): number {
    return this.#payload.readUInt32LE(this.#move(4));
  }
  u64(): number {
    return Number(this.#payload.readBigUInt64LE(this.#move(8)));
  }
  bytes(length: number): Buffer {
    const at = this.#move(length);
    return this.#payload.subarray(at, at + length);
  }
  str(): string {
    return this.bytes(this.u32()).toString();
  }
  get rest(): number {
    return this.#payload.length - this.#at;
  }
  #move(bytes: number): number {
    this.#at += bytes;
    if (this.#at > this.#payload.length) throw new Error("Payload too short");
    return this.#at - bytes;
  }
}

export interface Result {
  readonly id: string;
  readonly kind: (typeof kinds)[number] | undefined;
  readonly code: number;
  readonly detail: string;
  readonly wallUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly peakBytes: number;
  readonly background: number;
  readonly ended: number;
  readonly stdout: { readonly bytes: number; readonly spill: number };
  readonly stderr: { readonly bytes: number; readonly spill: number };
}

export function decodeResult(payload: Buffer): Result {
  const cursor = new Cursor(payload);
  const result: Result = {
    id: cursor.str(),
    kind: kinds[cursor.u8()],
    code: cursor.u32(),
    detail: cursor.str(),
    wallUs: cursor.u64(),
    userUs: cursor.u64(),
    systemUs: cursor.u64(),
    peakBytes: cursor.u64(),
    background: cursor.u32(),
    ended: cursor.u32(),
    stdout: { bytes: cursor.u64(), spill: cursor.u8() },
    stderr: { bytes: cursor.u64(), spill: cursor.u8() },
  };
  if (cursor.rest > 0) throw new Error("Result too long");
  return result;
}
