import { randomBytes, randomInt } from "node:crypto";
import type { Readable, Writable } from "node:stream";

import {
  Cursor,
  Decoder,
  decodeResult,
  encode,
  encodeExec,
  host,
  mark,
  supervisor,
  u16,
  u32,
  u8,
  str,
  type ExecFields,
  type Frame,
  type Result,
} from "./frames.ts";

export interface Run extends Result {
  readonly handle: number;
  readonly pid: number;
  readonly out: string;
  readonly err: string;
  readonly head: { readonly stdout: Buffer; readonly stderr: Buffer };
  readonly tail: { readonly stdout: Buffer; readonly stderr: Buffer };
  readonly live: readonly Buffer[];
}

export interface HelloFields {
  readonly graceMs?: number;
  readonly idleMs?: number;
  readonly lifetimeMs?: number;
}

type Listener = (frame: Frame) => void;

/** A host of one connection. */
export class Client {
  features = 0;
  shell = "";
  readonly closed: Promise<void>;
  bye: number | undefined;
  readonly #listeners = new Set<Listener>();
  #nextHandle = randomInt(1, 2 ** 30);
  #error: Error | undefined;

  readonly #from: Readable;
  readonly #to: Writable;

  constructor(from: Readable, to: Writable, options: { readonly seekMark?: boolean } = {}) {
    this.#from = from;
    this.#to = to;
    const decoder = new Decoder(options.seekMark ?? false);
    from.on("data", (bytes: Buffer) => {
      try {
        for (const frame of decoder.push(bytes)) {
          if (frame.type === supervisor.bye) this.bye = frame.payload[0];
          for (const listener of this.#listeners) listener(frame);
        }
      } catch (error) {
        this.#error ??= error as Error;
        from.destroy();
      }
    });
    to.on("error", () => {}); // the other side has gone; `closed` tells
    this.closed = new Promise((resolve, reject) => {
      from.on("close", () => (this.#error ? reject(this.#error) : resolve()));
      from.on("error", () => {});
    });
    this.closed.catch(() => {}); // whoever waits for a frame is told, too
  }

  #nonce = Buffer.alloc(16);

  get handle(): number {
    return this.#nextHandle++;
  }

  write(bytes: Buffer): void {
    this.#to.write(bytes);
  }

  send(type: number, id = 0, payload?: Buffer): void {
    this.#to.write(encode(type, id, payload));
  }

  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next frame for which this holds. */
  next(matches: (frame: Frame) => boolean, what = "frame"): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const stop = this.on((frame) => {
        if (!matches(frame)) return;
        stop();
        resolve(frame);
      });
      this.closed.then(
        () => reject(new Error(`Closed before the ${what}`)),
        (error: unknown) => reject(error as Error),
      );
    });
  }

  frame(type: number, id?: number): Promise<Frame> {
    return this.next(
      (frame) => frame.type === type && (id === undefined || frame.id === id),
      `frame ${type} of ${id}`,
    );
  }

  async hello(fields: HelloFields = {}, prefix: Buffer = Buffer.alloc(0)): Promise<this> {
    const nonce = randomBytes(16);
    this.#nonce = nonce;
    const welcome = this.next(
      (frame) => frame.type === supervisor.welcome && frame.payload.subarray(4, 20).equals(nonce),
      "welcome",
    );
    const payload = Buffer.concat([
      u32(1),
      nonce,
      u32(fields.graceMs ?? 30_000),
      u32(fields.idleMs ?? 0),
      u32(fields.lifetimeMs ?? 0),
    ]);
    this.write(Buffer.concat([prefix, mark, encode(host.hello, 7, payload)]));
    const cursor = new Cursor((await welcome).payload);
    cursor.bytes(20);
    this.features = cursor.u32();
    this.shell = cursor.str();
    return this;
  }

  /** Ends the sandbox, as far as this is its host. */
  end(): void {
    this.write(this.endFrame());
  }

  endFrame(): Buffer {
    return encode(host.end, 1, this.#nonce);
  }

  async ping(text = "are you there"): Promise<string> {
    const id = this.handle;
    const pong = this.frame(supervisor.pong, id);
    this.send(host.ping, id, Buffer.from(text));
    return (await pong).payload.toString();
  }

  /** Starts a command. Its result is released when it has come, unless `keep` is set. */
  start(
    fields: Partial<ExecFields> & Pick<ExecFields, "argv">,
    options: { readonly keep?: boolean; readonly onLive?: (bytes: Buffer) => void } = {},
  ): {
    readonly handle: number;
    readonly id: string;
    readonly started: Promise<number>;
    readonly result: Promise<Run>;
  } {
    const handle = this.handle;
    const id = fields.id ?? `x_${handle}`;
    const started = this.next(
      (frame) =>
        frame.id === handle &&
        (frame.type === supervisor.started || frame.type === supervisor.result),
    ).then(({ type, payload }) => (type === supervisor.started ? payload.readUInt32LE(0) : 0));
    started.catch(() => {}); // not every test waits for it
    const result = this.result(handle, { ...options, started });
    this.send(host.exec, handle, encodeExec({ ...fields, id }));
    return { handle, id, started, result };
  }

  run(
    fields: Partial<ExecFields> & Pick<ExecFields, "argv">,
    options: { readonly keep?: boolean; readonly onLive?: (bytes: Buffer) => void } = {},
  ): Promise<Run> {
    return this.start(fields, options).result;
  }

  sh(script: string, fields: Partial<ExecFields> = {}): Promise<Run> {
    return this.run({ ...fields, argv: ["sh", "-c", script] });
  }

  result(
    handle: number,
    options: {
      readonly keep?: boolean;
      readonly started?: Promise<number>;
      readonly onLive?: (bytes: Buffer) => void;
    } = {},
  ): Promise<Run> {
    const parts = new Map<string, Buffer[]>();
    const live: Buffer[][] = [[], [], []];
    const stop = this.on((frame) => {
      if (frame.id !== handle) return;
      if (frame.type === supervisor.captured) {
        const key = `${frame.payload[0]}.${frame.payload[1]}`;
        parts.set(key, [...(parts.get(key) ?? []), frame.payload.subarray(2)]);
      }
      if (frame.type === supervisor.output) {
        if (options.onLive) options.onLive(frame.payload);
        else live[frame.payload.readUInt8(0) - 1]?.push(frame.payload.subarray(1));
      }
    });
    const joined = (key: string) => Buffer.concat(parts.get(key) ?? []);
    const promise = (async () => {
      const end = await this.next(
        ({ type, id }) =>
          id === handle && (type === supervisor.result || type === supervisor.failed),
        `result of ${handle}`,
      );
      stop();
      if (end.type === supervisor.failed)
        throw new Error(`FAILED: ${new Cursor(end.payload).str()}`);
      if (!options.keep) this.send(host.release, handle);
      return {
        ...decodeResult(end.payload),
        handle,
        pid: (await options.started) ?? 0,
        head: { stdout: joined("1.0"), stderr: joined("2.0") },
        tail: { stdout: joined("1.1"), stderr: joined("2.1") },
        out: Buffer.concat([joined("1.0"), joined("1.1")]).toString(),
        err: Buffer.concat([joined("2.0"), joined("2.1")]).toString(),
        live: live.map((pieces) => Buffer.concat(pieces)),
      };
    })();
    promise.catch(() => {}); // whoever awaits it is told
    return promise;
  }

  stdin(handle: number, bytes?: Buffer): void {
    this.send(host.stdin, handle, bytes);
  }

  credit(handle: number, stream: number, bytes: number): void {
    this.send(host.credit, handle, Buffer.concat([u8(stream), u32(bytes)]));
  }

  kill(
    handle: number,
    options: { readonly reason?: number; readonly graceMs?: number; readonly limit?: string } = {},
  ): void {
    this.send(
      host.kill,
      handle,
      Buffer.concat([u8(options.reason ?? 0), u32(options.graceMs ?? 0), str(options.limit ?? "")]),
    );
  }

  async list(): Promise<readonly { handle: number; id: string; ended: boolean; ageMs: number }[]> {
    const request = this.handle;
    const listed = this.frame(supervisor.listed, request);
    this.send(host.list, request);
    const cursor = new Cursor((await listed).payload);
    return Array.from({ length: cursor.u32() }, () => ({
      handle: cursor.u32(),
      id: cursor.str(),
      ended: cursor.u8() === 1,
      ageMs: cursor.u64(),
    }));
  }

  /** What became of an execution, for whoever did not start it. */
  async adopt(
    id: string,
  ): Promise<{ handle: number; ended: boolean; result: Promise<Run> } | undefined> {
    const request = this.handle;
    let result: Promise<Run> | undefined;
    const adopted = this.next((frame) => {
      if (frame.type !== supervisor.adopted || frame.id !== request) return false;
      // Captured pieces may follow in the same chunk.
      result = this.result(frame.payload.readUInt32LE(1));
      return true;
    });
    this.send(host.adopt, request, str(id));
    const cursor = new Cursor((await adopted).payload);
    const found = cursor.u8() === 1;
    const handle = cursor.u32();
    const ended = cursor.u8() === 1;
    return found && result ? { handle, ended, result } : undefined;
  }

  async listen(port = 0): Promise<number> {
    const request = this.handle;
    const listening = this.frame(supervisor.listening, request);
    this.send(host.listen, request, u16(port));
    return (await listening).payload.readUInt16LE(0);
  }

  drop(): void {
    this.#from.destroy();
    this.#to.destroy();
  }
}
