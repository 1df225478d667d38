import { randomBytes, randomInt } from "node:crypto";
import type { Duplex } from "node:stream";

import { abortable } from "../../core/abort.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import { createChannels } from "./channel.ts";
import { createExecutions, type ExecRequest, type Running } from "./executions.ts";
import { createFrameParser, encodeFrame, type Frame } from "./frames.ts";
import {
  feature,
  headerBytes,
  hostFrame,
  maxPayload,
  PayloadReader,
  PayloadWriter,
  protocolVersion,
  supervisorFrame,
  syncMark,
} from "./protocol.ts";

/** The bytes to and from a supervisor, whatever carries them. */
export interface SupervisorStream {
  readonly incoming: AsyncIterable<Buffer>;
  /** False when the carrier's buffer is full. */
  write(bytes: Buffer): boolean;
  /** Lets go of the carrier; `incoming` ends. */
  close(): void;
}

export interface SupervisorConnection {
  readonly features: ReadonlySet<keyof typeof feature>;
  /** The image's bash, else its sh; undefined when it has neither. */
  readonly shell: string | undefined;
  /** It tells a program that can't be started from one that has failed. */
  readonly knowsStarts: boolean;
  /** Settles with the reason when the connection is gone. Never rejects. */
  readonly closed: Promise<string>;
  readonly isOpen: boolean;
  /** It ended by itself, and said so: on request, or because its time was over. */
  readonly saidBye: boolean;
  /** Another process has it now: nothing in it is to be ended from here. */
  readonly isTakenOver: boolean;
  exec(request: ExecRequest): Running;
  /** A command of an earlier connection: running, or ended and not released. */
  adopt(executionId: string): Promise<Running | undefined>;
  list(): Promise<readonly ListedExecution[]>;
  /** Listens on a loopback port inside; each connection to it arrives as a stream. Returns the port. */
  listen(onChannel: (channel: Duplex) => void): Promise<number>;
  /** Ends everything in the sandbox and the supervisor itself; resolves when it said so or is gone. */
  end(): Promise<void>;
  /** Lets go of the stream; what runs goes on for the grace time. */
  close(): void;
}

export interface ListedExecution {
  readonly handle: number;
  readonly executionId: string;
  readonly ended: boolean;
  readonly ageMs: number;
}

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** The stream may be in the middle of a frame of an earlier host. */
  readonly resumes: boolean;
  readonly graceMs: number;
  readonly idleMs: number;
  readonly lifetimeMs: number;
  /** How long to wait for the supervisor's answer. Default 30 s. */
  readonly welcomeMs?: number;
}

/**
 * Greets a supervisor and waits for its welcome.
 * @throws {OpsthreadError} `SANDBOX_LOST` when there is no answer, or one of another version
 */
export async function connectSupervisor(
  stream: SupervisorStream,
  { signal, resumes, graceMs, idleMs, lifetimeMs, welcomeMs = 30_000 }: ConnectOptions,
): Promise<SupervisorConnection> {
  const nonce = randomBytes(16);
  const requests = new Map<number, Request>();
  let welcome: ((welcomed: Welcome) => void) | undefined;
  let goneBecause: string | undefined;
  let saidBye: string | undefined;
  let isWelcomed = false;
  let isTakenOver = false;
  // Handles of an earlier host may still be in use, also on a stream that is new.
  let lastId = randomInt(2 ** 30);

  const send = (type: number, id: number, payload?: Uint8Array): void => {
    if (goneBecause === undefined) stream.write(encodeFrame(type, id, payload));
  };
  const nextId = (): number => (lastId += 1);
  const executions = createExecutions({ send, nextId });
  const channels = createChannels({ send });

  /** `read` is called as the answer comes, before the frames behind it: they may be about what it tells. */
  const request = async <T>(
    type: number,
    payload: Uint8Array,
    read: (answer: PayloadReader) => T,
  ): Promise<T> => {
    const id = nextId();
    if (goneBecause !== undefined) throw lost(goneBecause);
    return new Promise<T>((resolve, reject) => {
      requests.set(id, { answer: (answer) => resolve(read(answer)), reject });
      send(type, id, payload);
    });
  };

  const dispatch = ({ type, id, payload }: Frame): void => {
    const reader = new PayloadReader(payload);
    switch (type) {
      case supervisorFrame.welcome: {
        const version = reader.u32();
        if (reader.raw(16).equals(nonce)) {
          isWelcomed = true;
          welcome?.({ version, features: reader.u32(), shell: reader.str() });
        } else if (isWelcomed) {
          isTakenOver = true;
          stream.close();
        } // Else for an earlier host.
        return;
      }
      case supervisorFrame.adopted:
      case supervisorFrame.listed:
      case supervisorFrame.listening:
        requests.get(id)?.answer(reader);
        requests.delete(id);
        return;
      case supervisorFrame.failed: {
        const message = reader.str();
        if (executions.failed(id, message)) return;
        requests.get(id)?.reject(lost(message));
        requests.delete(id);
        return;
      }
      case supervisorFrame.bye:
        saidBye = byeReasons[reader.u8()] ?? "it ended";
        return;
      default:
        if (!executions.take(type, id, reader)) channels.take(type, id, reader);
    }
  };

  const reading = (async (): Promise<string> => {
    const parser = createFrameParser();
    try {
      for await (const chunk of stream.incoming)
        for (const frame of parser.push(chunk)) dispatch(frame);
      return (isTakenOver ? takenOver : saidBye) ?? "the connection to it ended";
    } catch (error) {
      if (isTakenOver) return takenOver;
      return `the connection to it broke: ${messageOf(error)}`;
    }
  })();
  const closed = reading.then((reason) => {
    goneBecause = reason;
    stream.close();
    executions.lost(reason);
    channels.lost();
    for (const { reject } of requests.values()) reject(lost(reason));
    requests.clear();
    return reason;
  });

  const waiting = new Promise<Welcome>((resolve) => {
    welcome = resolve;
  });
  if (resumes) stream.write(Buffer.alloc(headerBytes + maxPayload));
  stream.write(syncMark);
  const hello = new PayloadWriter()
    .u32(protocolVersion)
    .raw(nonce)
    .u32(graceMs)
    .u32(idleMs)
    .u32(lifetimeMs);
  send(hostFrame.hello, 0, hello.bytes());
  const timeout = AbortSignal.timeout(welcomeMs);
  let welcomed: Welcome;
  try {
    const answer = Promise.race([
      waiting,
      closed.then((reason) => {
        throw lost(reason);
      }),
    ]);
    welcomed = await abortable(answer, AbortSignal.any([signal, timeout]));
    if (welcomed.version !== protocolVersion)
      throw lost(`it speaks version ${welcomed.version}, expected ${protocolVersion}`);
  } catch (error) {
    stream.close();
    if (!signal.aborted && timeout.aborted) throw lost(`it did not answer within ${welcomeMs} ms`);
    throw error;
  }

  const ping = setInterval(
    () => send(hostFrame.ping, 0),
    Math.max(200, Math.min(5_000, graceMs / 4)),
  );
  ping.unref();
  void closed.then(() => clearInterval(ping));

  return {
    features: new Set(featureNames.filter((name) => (welcomed.features & feature[name]) !== 0)),
    shell: welcomed.shell === "" ? undefined : welcomed.shell,
    knowsStarts: true,
    closed,
    get isOpen() {
      return goneBecause === undefined;
    },
    get saidBye() {
      return saidBye !== undefined;
    },
    get isTakenOver() {
      return isTakenOver;
    },
    exec: (wanted) => executions.start(wanted),
    adopt: (executionId) =>
      request(hostFrame.adopt, new PayloadWriter().str(executionId).bytes(), (answer) =>
        answer.u8() === 0 ? undefined : executions.adopt(answer.u32()),
      ),
    list: () =>
      request(hostFrame.list, new Uint8Array(), (answer) =>
        Array.from({ length: answer.u32() }, () => ({
          handle: answer.u32(),
          executionId: answer.str(),
          ended: answer.u8() === 1,
          ageMs: answer.u64(),
        })),
      ),
    listen(onChannel) {
      channels.onOpen(onChannel);
      return request(hostFrame.listen, new PayloadWriter().u16(0).bytes(), (answer) =>
        answer.u16(),
      );
    },
    async end() {
      send(hostFrame.end, 0, nonce);
      await closed;
    },
    close: () => stream.close(),
  };
}

interface Welcome {
  readonly version: number;
  readonly features: number;
  readonly shell: string;
}

interface Request {
  readonly answer: (answer: PayloadReader) => void;
  readonly reject: (error: unknown) => void;
}

const featureNames = Object.keys(feature).filter(
  (name): name is keyof typeof feature => name in feature,
);

const takenOver = "another process has taken it over";

const byeReasons = [
  "it was ended",
  "nobody came back within the grace time",
  "it was idle for too long",
  "its lifetime was over",
];

const lost = (reason: string): OpsthreadError =>
  new OpsthreadError("SANDBOX_LOST", `Cannot use the sandbox's supervisor: ${reason}`);
