import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import type { Container, Exec } from "dockerode";

import type { ExecRequest } from "../supervisor/executions.ts";
import { feedStdin, type Stdin } from "../supervisor/stdin.ts";
import { type StreamPiece, streamPieces } from "./demultiplex.ts";

/** A command that the engine started in a container. */
export interface EngineExec {
  /** What it prints, as it comes: a reader that waits holds it back. Under a terminal all of it is stdout. */
  readonly pieces: AsyncIterable<StreamPiece>;
  /** Once the pieces have ended. */
  exit(): Promise<EngineExit>;
  resize(columns: number, rows: number): void;
  /** Lets go of its streams. It is not ended by that. */
  close(): void;
}

export interface EngineExit {
  readonly code: number;
  /** The engine could not even start it; what it prints is the engine's reason. */
  readonly neverRan: boolean;
}

export interface ExecPlace {
  readonly container: Container;
  /** Where the image has its `sh`. */
  readonly sh: string;
  readonly user: string;
  /** Variables of the container that a command does not see unless it is given them. */
  readonly hidden: readonly string[];
}

/** Starts a command by the engine. Rejects with the engine's error when it does not take it. */
export async function startExec(
  { container, sh, user, hidden }: ExecPlace,
  { argv, cwd, env, stdin, terminal, onControl }: ExecRequest,
): Promise<EngineExec> {
  const hasTerminal = terminal !== undefined;
  const script = terminal ? `${setSize}${enter}` : onControl ? `${enter}${control}` : enter;
  const size = terminal ? [String(terminal.columns), String(terminal.rows)] : [];
  const exec = await container.exec({
    Cmd: [sh, "-c", script, "sh", ...size, cwd, ...argv],
    Env: [
      // A name alone takes the variable away.
      ...hidden.filter((name) => !Object.hasOwn(env, name)),
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ],
    User: user,
    WorkingDir: "/",
    AttachStdin: hasTerminal || stdin !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    Tty: hasTerminal,
  });
  const socket = await exec.start({ hijack: true, stdin: true, Tty: hasTerminal });
  // Its end is seen where it is read; a write to a command that has ended must not end this process.
  socket.on("error", () => {});
  // The end of stdin would end all streams of a terminal; its end-of-file character does what is wanted.
  const end = (): void => void (hasTerminal ? socket.write("\u0004") : socket.end());
  if (hasTerminal || stdin !== undefined) void feed(socket, stdin ?? "").then(end, () => {}); // What fails is the giver's.
  return {
    pieces: hasTerminal ? asStdout(socket) : streamPieces(socket),
    exit: () => exitOf(exec),
    resize: (columns, rows) => void exec.resize({ w: columns, h: rows }).catch(() => {}), // It has ended.
    close: () => void socket.destroy(),
  };
}

/** The engine's own way to a folder fails with its own words, and it has no file descriptor 3. */
const enter = 'cd -- "$1" || exit 126; shift; exec "$@"';
const control = " 3>&1 1>&2";
const setSize = 'stty cols "$1" rows "$2" 2>/dev/null; shift 2; ';

async function feed(socket: Duplex, stdin: Stdin): Promise<void> {
  const ended = once(socket, "close").catch(() => {}); // What is broken is seen where it is read.
  const write = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length && socket.writable; at += partBytes)
      if (!socket.write(bytes.subarray(at, at + partBytes))) await drained(socket);
  };
  await feedStdin(stdin, { write, ended });
}

/** Resolves when it takes more, or nothing ever again. */
async function drained(socket: Duplex): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const either = [once(socket, "drain", { signal }), once(socket, "close", { signal })];
  await Promise.race(either).catch(() => {}); // What is broken is seen where it is read.
  waiting.abort();
}

const partBytes = 65_536;

async function* asStdout(socket: Duplex): AsyncGenerator<StreamPiece> {
  for await (const bytes of socket) if (Buffer.isBuffer(bytes)) yield { stream: "stdout", bytes };
}

/** The engine closes the streams a moment before it knows the exit code; a command may close its own long before. */
async function exitOf(exec: Exec): Promise<EngineExit> {
  for (let waitMs = 10; ; waitMs = Math.min(2 * waitMs, 500)) {
    const { Running, ExitCode, Pid } = await exec.inspect();
    if (!Running && ExitCode !== null)
      return { code: ExitCode, neverRan: Pid === 0 && (ExitCode === 126 || ExitCode === 127) };
    await delay(waitMs);
  }
}
