import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll } from "vitest";

import { Client, type HelloFields } from "./client.ts";

export const binary =
  process.env.OPSTHREAD_TEST_SUPERVISOR ??
  fileURLToPath(
    new URL(
      `../../../dist/sandbox/supervisor/bin/supervisor-linux-${process.arch}`,
      import.meta.url,
    ),
  );

const temporary: string[] = [];
afterAll(() => {
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Not root where that can be chosen: the rules about processes of one user are what is tested. */
const asNobody = process.getuid?.() === 0 ? ["--uid", "65534", "--gid", "65534"] : [];

export interface Supervised extends AsyncDisposable {
  readonly client: Client;
  readonly process: ChildProcess;
  /** Settles with the exit code. */
  readonly exited: Promise<number | null>;
  readonly pid: number;
}

export interface Options extends HelloFields {
  readonly args?: readonly string[];
  /** Another way to run the supervisor: what comes before its arguments. */
  readonly command?: readonly string[];
}

/** A supervisor on stdin and stdout. */
export async function supervise(options: Options = {}): Promise<Supervised> {
  const [program = "", ...before] = options.command ?? [binary];
  const args = [
    ...before,
    "--stdio",
    ...(options.command ? [] : asNobody),
    ...(options.args ?? []),
  ];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const client = new Client(child.stdout, child.stdin);
  await client.hello(options);
  return {
    client,
    process: child,
    exited,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      client.drop();
      child.kill("SIGTERM");
      await exited;
    },
  };
}

export interface Launched extends AsyncDisposable {
  connect(options?: HelloFields): Promise<Client>;
  readonly exited: Promise<number | null>;
  readonly pid: number;
  readonly socket: string;
}

/** A supervisor behind a listening socket. */
export async function launch(
  options: { readonly args?: readonly string[] } = {},
): Promise<Launched> {
  const folder = temporaryFolder();
  const socket = join(folder, "s");
  const child = spawn(
    binary,
    [
      "launch",
      "--socket",
      socket,
      "--log",
      join(folder, "log"),
      "--",
      binary,
      "--listen-fd",
      "3",
      ...asNobody,
      ...(options.args ?? []),
    ],
    { stdio: "ignore", detached: true },
  );
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    exited,
    pid: child.pid ?? 0,
    socket,
    async connect(hello = {}) {
      const connection = await dial(socket, exited);
      return new Client(connection, connection).hello(hello);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The socket is there some moments after the process. */
async function dial(socket: string, exited: Promise<unknown>) {
  let gone = false;
  void exited.then(() => (gone = true));
  for (;;) {
    const connection = connect(socket);
    try {
      await once(connection, "connect");
      return connection;
    } catch (error) {
      if (gone) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** One that every user may write to. It is removed when its test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "opsthread-supervisor-"));
  chmodSync(folder, 0o777);
  temporary.push(folder);
  return folder;
}

/** The living processes below this one, itself not counted. */
export function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state !== "Z") parents.set(Number(name), Number(parent));
    } catch {
      // it has ended meanwhile
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === root || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

export const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

export const residentKilobytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
