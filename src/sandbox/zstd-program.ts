import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Compression } from "./compression.ts";
import { programPath } from "./run-program.ts";

/** Zstandard by the program `zstd`, which reads and writes the file itself. */
export const zstdProgram: Compression = {
  async pack(source, file, { signal }) {
    const output = await open(file, "wx", 0o600);
    try {
      const child = start(["-1"], { input: "pipe", output: output.fd, signal });
      const ended = endOf(child);
      ended.catch(() => {}); // Awaited below, unless the source fails first.
      const { stdin } = child;
      if (!stdin) throw new Error("Cannot run zstd: it has no input");
      try {
        await pipeline(Readable.from(source), stdin, { signal });
      } catch (error) {
        child.kill("SIGKILL");
        throw error;
      }
      await ended;
    } finally {
      await output.close();
    }
  },

  async *unpack(file, { signal }) {
    const input = await open(file, "r");
    try {
      const child = start(["-d"], { input: input.fd, output: "pipe", signal });
      const ended = endOf(child);
      ended.catch(() => {}); // Awaited below, unless the reader leaves first.
      try {
        if (child.stdout) yield* child.stdout as AsyncIterable<Buffer>;
        await ended;
      } finally {
        child.kill("SIGKILL");
      }
    } finally {
      await input.close();
    }
  },
};

function start(
  args: readonly string[],
  streams: {
    readonly input: "pipe" | number;
    readonly output: "pipe" | number;
    readonly signal: AbortSignal;
  },
): ChildProcess {
  return spawn("zstd", ["-q", "-c", ...args], {
    stdio: [streams.input, streams.output, "ignore"],
    env: { PATH: programPath },
    signal: streams.signal,
    killSignal: "SIGKILL",
  });
}

async function endOf(child: ChildProcess): Promise<void> {
  await once(child, "close");
  const { exitCode } = child;
  if (exitCode !== 0) throw new Error(`Cannot run zstd: it ended with ${exitCode ?? "a signal"}`);
}
