import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import { childrenOf, lookUpProcess, type ProcessId } from "../processes.ts";
import type { SupervisorStream } from "../supervisor/connection.ts";
import { socketName } from "./kill-cell.ts";

export interface LaunchOptions {
  /** The cell's own host folder. The socket and what is said on stderr go there. */
  readonly folder: string;
  readonly supervisor: string;
  readonly bwrap: string;
  readonly args: readonly string[];
  readonly cgroupFolders: readonly string[];
}

/** bwrap, which is to run a supervisor. */
export interface Launched {
  /** Rejects when it ended before it was of any use. Never resolves. */
  readonly failed: Promise<never>;
  /** What has to end for all of it to end. */
  processes(): Promise<readonly ProcessId[]>;
}

/**
 * Starts bwrap by way of the supervisor's program, which makes the socket, joins the cgroups and leaves this process's session,
 * so that all that follows outlives this process.
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { folder, supervisor, bwrap, args, cgroupFolders } = options;
  const errors = await open(join(folder, errorsName), "w", 0o600);
  const child = spawn(
    supervisor,
    [
      // Relative, as the path of a socket can't be long. https://man7.org/linux/man-pages/man7/unix.7.html
      "launch",
      "--socket",
      socketName,
      "--log",
      errorsName,
      ...cgroupFolders.flatMap((path) => ["--cgroup", path]),
      "--",
      bwrap,
      ...args,
    ],
    { cwd: folder, env: {}, stdio: ["ignore", "ignore", errors.fd] },
  );
  child.unref();
  await errors.close();
  const failed = new Promise<never>((_, reject) => {
    const refuse = (state: string): void =>
      void saidIn(folder).then((said) => reject(refusal(`${state}: ${said}`)), reject);
    child.once("error", (error) => refuse(messageOf(error)));
    child.once("exit", (code, signal) => refuse(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  failed.catch(() => {}); // Usually nobody waits for it any more.
  return {
    failed,
    async processes() {
      const monitor = child.pid === undefined ? undefined : await lookUpProcess(child.pid);
      if (!monitor) throw refusal(await saidIn(folder));
      return [...(await firstInside(monitor.pid)), monitor];
    },
  };
}

/** The first process of the sandbox's process namespace is the only child of the one that stays outside. */
async function firstInside(monitor: number): Promise<readonly ProcessId[]> {
  const path = `/proc/${monitor}/task/${monitor}/children`;
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return childrenOf(monitor); // A kernel without CONFIG_PROC_CHILDREN.
  const found = await Promise.all(
    text
      .trim()
      .split(" ")
      .map((pid) => lookUpProcess(Number(pid))),
  );
  return found.filter((process) => process !== undefined);
}

/** Connects to a cell's socket, waiting for it to be there. */
export async function connectTo(
  folder: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<SupervisorStream> {
  // Through the folder's descriptor, since the whole path may be too long for a socket.
  const opened = await open(folder, "r");
  try {
    for (;;) {
      signal.throwIfAborted();
      const socket = await connectOnce(`/proc/self/fd/${opened.fd}/${socketName}`);
      if (socket) return streamOf(socket);
      await delay(1, undefined, { signal });
    }
  } finally {
    await opened.close();
  }
}

async function connectOnce(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return socket;
  } catch {
    return undefined; // Not there yet, or nobody listens yet.
  }
}

function streamOf(socket: Socket): SupervisorStream {
  // Its end is seen where it is read; a write to a broken one must not end the process.
  socket.on("error", () => {});
  return {
    incoming: socket,
    write: (bytes) => socket.writable && socket.write(bytes),
    close: () => void socket.destroy(),
  };
}

const errorsName = "errors";

/** The first lines that bwrap or the supervisor wrote, for people. */
async function saidIn(folder: string): Promise<string> {
  const text = await readFile(join(folder, errorsName), "utf8").catch(() => "");
  return text.trim().slice(0, 1_000) || "it said nothing";
}

const refusal = (state: string): OpsthreadError =>
  new OpsthreadError("SANDBOX_LOST", `Cannot start a sandbox in bubblewrap: ${state}`);
