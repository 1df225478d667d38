import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { programPath } from "./run-program.ts";

/** Runs a program of the host to its end. Injected, so that what needs root can be tried without. */
export type RunCommand = (
  command: readonly string[],
  options: {
    readonly signal: AbortSignal;
    /** Besides {@link safeEnvironment}. */
    readonly env?: Readonly<Record<string, string>>;
    readonly onLine?: (line: string) => void;
  },
) => Promise<{
  /** 127 when there is no such program. */
  readonly code: number;
  /** The last lines of both streams. */
  readonly output: string;
}>;

/** Host programs see nothing of our environment but where programs are. */
const safeEnvironment = {
  PATH: programPath,
  LC_ALL: "C.UTF-8",
};

const keptLines = 20;

/** {@link RunCommand} on this machine. An abort ends the program with SIGTERM, so that it can clean up. */
export const runOnHost: RunCommand = async ([program = "", ...args], options) => {
  const { signal, env = {}, onLine } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    env: { ...safeEnvironment, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      kept.push(line);
      if (kept.length > keptLines) kept.shift();
      onLine?.(line);
    });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", (error) =>
        "code" in error && error.code === "ENOENT" ? resolve(127) : reject(error),
      );
      child.on("close", (exit) => resolve(exit ?? 1));
    });
    signal.throwIfAborted();
    return { code, output: kept.join("\n") };
  } finally {
    signal.removeEventListener("abort", stop);
  }
};
