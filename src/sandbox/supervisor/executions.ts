import {
  execFlag,
  hostFrame,
  initialCredit,
  maxPayload,
  type PayloadReader,
  PayloadWriter,
  type resultKind,
  streamNumber,
  supervisorFrame,
} from "./protocol.ts";
import { feedStdin, type Stdin } from "./stdin.ts";

export interface ExecRequest {
  readonly executionId: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A stream must not fail. */
  readonly stdin?: Stdin;
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL when time is up. */
  readonly graceMs: number;
  /** Kept of the head, and again of the tail, of stdout and stderr each. */
  readonly captureBytes: number;
  readonly outputBytes: number;
  readonly fileBytes: number;
  readonly openFiles: number;
  readonly background: number;
  /** Of one process; 0 for no limit of its own. */
  readonly addressBytes?: number;
  readonly processes?: number;
  readonly spillFolder: string;
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Of /workspace and /sources only these. */
  readonly onlyFiles?: { readonly read: readonly string[]; readonly write: readonly string[] };
  /** Told of live output; a promise holds the command back. */
  readonly onOutput?: (stream: "stdout" | "stderr", bytes: Buffer) => void | Promise<void>;
  /** Told of what is written to file descriptor 3. */
  readonly onControl?: (bytes: Buffer) => void | Promise<void>;
}

export interface Running {
  /** Never rejects. */
  readonly result: Promise<ExecutionResult>;
  kill(options: { readonly graceMs: number; readonly limit?: string }): void;
  resize(columns: number, rows: number): void;
  /** The result is safe with the host: the supervisor may forget it. */
  release(): void;
}

export interface ExecutionResult {
  readonly kind: keyof typeof resultKind;
  /** Exit code, signal number, or errno. */
  readonly code: number;
  readonly detail: string;
  readonly wallMs: number;
  /** Absent where nobody measures. */
  readonly cpuMs?: number;
  readonly peakMemoryBytes?: number;
  readonly background: number;
  /** Left-over processes that were killed. */
  readonly ended: number;
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
}

export interface CapturedStream {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly bytes: number;
  readonly spill: "none" | "whole" | "broken-off";
}

/** The executions of one connection. */
export function createExecutions({ send, nextId }: ExecutionsOptions): Executions {
  const open = new Map<number, OpenExecution>();
  const register = (handle: number, listeners: Partial<ExecRequest>): Running => {
    const execution = openExecution(handle, listeners, send);
    open.set(handle, execution);
    return execution.running;
  };
  return {
    start(request) {
      const handle = nextId();
      const running = register(handle, request);
      try {
        send(hostFrame.exec, handle, encodeExec(request));
      } catch (error) {
        open.delete(handle);
        throw error;
      }
      if (request.stdin !== undefined) open.get(handle)?.feed(request.stdin);
      return running;
    },
    adopt: (handle) => register(handle, {}),
    take(type, handle, reader) {
      const execution = open.get(handle);
      if (!execution) return false;
      const isEnd = execution.take(type, reader);
      if (isEnd) open.delete(handle);
      return true;
    },
    failed(handle, message) {
      const execution = open.get(handle);
      open.delete(handle);
      execution?.end({ ...nothingKnown, kind: "failedExec", detail: message });
      return execution !== undefined;
    },
    lost(reason) {
      for (const execution of open.values())
        execution.end({ ...nothingKnown, kind: "lost", detail: reason });
      open.clear();
    },
  };
}

interface ExecutionsOptions {
  readonly send: (type: number, id: number, payload?: Uint8Array) => void;
  readonly nextId: () => number;
}

interface Executions {
  start(request: ExecRequest): Running;
  adopt(handle: number): Running;
  /** Whether the frame belongs to an execution. */
  take(type: number, handle: number, reader: PayloadReader): boolean;
  failed(handle: number, message: string): boolean;
  lost(reason: string): void;
}

interface OpenExecution {
  readonly running: Running;
  take(type: number, reader: PayloadReader): boolean;
  feed(stdin: Stdin): void;
  end(result: ExecutionResult): void;
}

const none: CapturedStream = {
  head: Buffer.alloc(0),
  tail: Buffer.alloc(0),
  bytes: 0,
  spill: "none",
};

const nothingKnown = {
  code: 0,
  wallMs: 0,
  cpuMs: 0,
  peakMemoryBytes: 0,
  background: 0,
  ended: 0,
  stdout: none,
  stderr: none,
} as const;

function openExecution(
  handle: number,
  { onOutput, onControl }: Pick<Partial<ExecRequest>, "onOutput" | "onControl">,
  send: ExecutionsOptions["send"],
): OpenExecution {
  const captured = new Map<string, Buffer[]>();
  let waiting: Uint8Array = Buffer.alloc(0);
  let madeRoom = (): void => {};
  let credit = initialCredit;
  let settle: (result: ExecutionResult) => void = () => {};
  const result = new Promise<ExecutionResult>((resolve) => {
    settle = resolve;
  });

  const flush = (): void => {
    while (waiting.length > 0 && credit > 0) {
      const part = waiting.subarray(0, Math.min(credit, maxPayload));
      send(hostFrame.stdin, handle, part);
      credit -= part.length;
      waiting = waiting.subarray(part.length);
    }
    if (waiting.length === 0) madeRoom();
  };
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      waiting = bytes;
      madeRoom = resolve;
      flush();
    });
  const feed = async (stdin: Stdin): Promise<void> => {
    await feedStdin(stdin, { write, ended: result });
    send(hostFrame.stdin, handle);
  };
  /** What waits for room in the stdin of a command that has ended waits no more. */
  const end = (ended: ExecutionResult): void => {
    settle(ended);
    madeRoom();
  };

  const show = async (stream: number, bytes: Buffer): Promise<void> => {
    try {
      if (stream === streamNumber.control) await onControl?.(bytes);
      else await onOutput?.(stream === streamNumber.stdout ? "stdout" : "stderr", bytes);
    } finally {
      send(hostFrame.credit, handle, new PayloadWriter().u8(stream).u32(bytes.length).bytes());
    }
  };

  const joined = (stream: number, part: number): Buffer =>
    Buffer.concat(captured.get(`${stream}/${part}`) ?? []);

  return {
    running: {
      result,
      kill({ graceMs, limit }) {
        const payload = new PayloadWriter()
          .u8(limit === undefined ? 0 : 1)
          .u32(graceMs)
          .str(limit ?? "");
        send(hostFrame.kill, handle, payload.bytes());
      },
      resize(columns, rows) {
        send(hostFrame.resize, handle, new PayloadWriter().u16(columns).u16(rows).bytes());
      },
      release: () => send(hostFrame.release, handle),
    },
    take(type, reader) {
      switch (type) {
        case supervisorFrame.stdinCredit:
          credit += reader.u32();
          flush();
          return false;
        case supervisorFrame.output:
          // A listener that throws has said so itself: whoever gave it sees to that.
          void show(reader.u8(), Buffer.from(reader.rest())).catch(() => {});
          return false;
        case supervisorFrame.captured: {
          const key = `${reader.u8()}/${reader.u8()}`;
          const parts = captured.get(key) ?? [];
          parts.push(Buffer.from(reader.rest()));
          captured.set(key, parts);
          return false;
        }
        case supervisorFrame.result:
          end(decodeResult(reader, joined));
          return true;
        default:
          return false;
      }
    },
    feed: (stdin) => void feed(stdin).catch(() => {}), // What fails is the giver's.
    end,
  };
}

function decodeResult(
  reader: PayloadReader,
  part: (stream: number, part: number) => Buffer,
): ExecutionResult {
  reader.str();
  const kind = kinds[reader.u8()] ?? "lost";
  const code = reader.u32();
  const detail = reader.str();
  const [wallUs, userUs, systemUs] = [reader.u64(), reader.u64(), reader.u64()];
  const [peakMemoryBytes, background, ended] = [reader.u64(), reader.u32(), reader.u32()];
  const stream = (number: number): CapturedStream => ({
    bytes: reader.u64(),
    spill: spills[reader.u8()] ?? "none",
    head: part(number, 0),
    tail: part(number, 1),
  });
  return {
    kind,
    code,
    detail,
    wallMs: wallUs / 1_000,
    cpuMs: (userUs + systemUs) / 1_000,
    peakMemoryBytes,
    background,
    ended,
    stdout: stream(streamNumber.stdout),
    stderr: stream(streamNumber.stderr),
  };
}

const kinds: readonly ExecutionResult["kind"][] = [
  "exit",
  "signal",
  "timeout",
  "outOfMemory",
  "stopped",
  "limit",
  "failedExec",
  "lost",
];
const spills: readonly CapturedStream["spill"][] = ["none", "whole", "broken-off"];

function encodeExec(request: ExecRequest): Buffer {
  const { terminal, onlyFiles } = request;
  const flags =
    (terminal ? execFlag.terminal : 0) |
    (request.stdin === undefined ? 0 : execFlag.stdin) |
    (request.onControl ? execFlag.control : 0) |
    (request.onOutput ? execFlag.live : 0) |
    (onlyFiles ? execFlag.restrictFiles : 0);
  return new PayloadWriter()
    .str(request.executionId)
    .u32(flags)
    .str(request.cwd)
    .list(request.argv)
    .list(Object.entries(request.env).map(([name, value]) => `${name}=${value}`))
    .u32(Math.min(request.timeoutMs, 2 ** 32 - 1))
    .u32(request.graceMs)
    .u32(request.captureBytes)
    .u64(request.outputBytes)
    .u64(request.fileBytes)
    .u64(request.addressBytes ?? 0)
    .u32(request.openFiles)
    .u32(request.processes ?? 0)
    .u32(request.background)
    .u32(initialCredit)
    .u16(terminal?.columns ?? 0)
    .u16(terminal?.rows ?? 0)
    .str(request.spillFolder)
    .list(onlyFiles?.read ?? [])
    .list(onlyFiles?.write ?? [])
    .bytes();
}
