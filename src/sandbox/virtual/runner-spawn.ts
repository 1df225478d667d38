import { fork, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { parse } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { messageOf } from "../../core/errors.ts";
import { captureOutput } from "../../core/output.ts";
import { outOfMemoryMark } from "../guard.ts";
import type { Limits } from "../permissions.ts";
import { isHeapExhausted } from "../task-run.ts";
import type { ToRunner } from "./protocol.ts";

export interface RunnerProcess {
  readonly child: ChildProcess;
  readonly alive: boolean;
  /** How it ended, once it has. Never rejects. */
  readonly ended: Promise<Ended>;
  send(message: ToRunner): void;
  /** Whether this process lives on as long as that one does. */
  keepAlive(yes: boolean): void;
  /** Resolves when it is dead. */
  kill(): Promise<void>;
}

export type Ended =
  | { readonly type: "out-of-memory" }
  | { readonly type: "signal"; readonly signal: string }
  | { readonly type: "exited"; readonly code: number }
  | { readonly type: "lost"; readonly reason: string };

/**
 * Spawns a process with a bounded heap and nothing of this one's environment. A worker thread would be lighter, but
 * most of what exhausts the memory of a thread (a growing array, a long split) makes V8 abort the whole process.
 */
export function spawnRunner({ memoryBytes }: Limits): RunnerProcess {
  const file = fileURLToPath(new URL("./runner-process.js", import.meta.url));
  const heapMiB = idleHeapMiB + Math.floor((memoryBytes / 2 ** 20) * heapShare);
  const child = fork(file, [], {
    cwd: parse(file).root,
    env: {},
    execArgv: [`--max-old-space-size=${heapMiB}`],
    // A group of its own, so that what it may have started is killed with it.
    detached: process.platform !== "win32",
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const ended = endOf(child);
  const keepAlive = (yes: boolean): void => {
    const stderr = child.stderr instanceof Socket ? child.stderr : undefined;
    for (const handle of [child, child.channel, stderr]) {
      if (yes) handle?.ref();
      else handle?.unref();
    }
  };
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    child,
    get alive() {
      return isAlive();
    },
    ended,
    keepAlive,
    send(message) {
      // A message that is not delivered: the process has ended, and `ended` tells how.
      child.send(message, () => {});
    },
    async kill() {
      keepAlive(true); // Its end is waited for.
      if (isAlive()) killGroup(child);
      await ended;
    },
  };
}

/** What the interpreter takes before it does anything; the limit is for what comes on top. */
const idleHeapMiB = 32;

/** The rest is for what lies outside of the heap. The guard sees to the sum. */
const heapShare = 0.75;

function endOf(child: ChildProcess): Promise<Ended> {
  const stderr = captureOutput(32 * 1024);
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve) => {
    const closed = new Promise((close) => void child.once("close", close));
    child.once("error", (error) => resolve({ type: "lost", reason: messageOf(error) }));
    child.once("exit", (code, signal) => {
      killGroup(child); // What it may have started.
      // Something that left its group may hold its stderr open for ever.
      const drained = Promise.race([closed, delay(500)]);
      void drained.then(() => resolve(reasonOf(code, signal, stderr.shown().text)));
    });
  });
}

function reasonOf(code: number | null, signal: string | null, stderr: string): Ended {
  if (stderr.includes(outOfMemoryMark) || isHeapExhausted({ code, signal }, stderr))
    return { type: "out-of-memory" };
  if (signal !== null) return { type: "signal", signal };
  return { type: "exited", code: code ?? 0 };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // The group is gone, or has not been made yet. Does nothing to the dead.
  }
}
