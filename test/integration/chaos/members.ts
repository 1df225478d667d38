import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What `member.mjs` is told. */
export interface MemberOptions {
  readonly role: "all" | "gateway" | "worker";
  readonly redis: string;
  /** Of the installation. */
  readonly name: string;
  /** Where the platform is. */
  readonly platform: string;
  readonly dataFolder: string;
  /** The file that warnings and errors go to. */
  readonly log: string;
  /** How long a tool takes, at least and at most. Default 0 to 100. */
  readonly toolMs?: readonly [number, number];
}

/** One process of a bot. */
export interface Member extends AsyncDisposable {
  readonly options: MemberOptions;
  readonly pid: number;
  /** Resolves when it is at work. */
  readonly ready: Promise<unknown>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it without a warning. */
  kill(): Promise<void>;
  /** Ends it as a service manager does. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("member.mjs", import.meta.url));

/** `prefix` is what runs it somewhere else, and becomes it. */
export function startMember(options: MemberOptions, prefix: readonly string[] = []): Member {
  const command = [...prefix, process.execPath, program, JSON.stringify(options)];
  const [file = "", ...args] = command;
  const child: ChildProcess = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  const { stdout } = child;
  if (!stdout) throw new TypeError("The process has no output");
  const exited = once(child, "exit");
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    // One that stands still ends all the same.
    child.kill("SIGCONT");
    await exited;
  };
  return {
    options,
    pid: child.pid ?? 0,
    ready: Promise.race([once(stdout, "data"), exited]),
    signal: (signal) => void child.kill(signal),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
}
