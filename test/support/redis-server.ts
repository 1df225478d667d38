import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { installRedis } from "./install-redis.ts";

/** A Redis for tests. What they keep there is told apart by names that nobody else uses. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  /** Undefined for a given one, which is not ours to stop. */
  readonly process?: RedisProcess;
}

/** One that can be killed and stopped for a while, and comes back with its data. */
export interface RedisProcess {
  readonly pid: number;
  /** Kills it without a warning. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
}

/**
 * The Redis of `OPSTHREAD_TEST_REDIS_URL`, or else one of our own on a free port of the loopback, with its append-only file in a
 * temporary folder. On Debian it is installed first where it is missing and we may.
 */
export async function testRedis(): Promise<TestRedis> {
  const url = process.env["OPSTHREAD_TEST_REDIS_URL"];
  if (url === undefined) return startRedis();
  return { url, async [Symbol.asyncDispose]() {} };
}

/** Starts one of our own, whatever is given. `settings` are lines of `redis.conf` as in `["--appendonly", "no"]`. */
export async function startRedis(
  settings: readonly string[] = [],
): Promise<TestRedis & { readonly process: RedisProcess }> {
  await installRedis();
  const folder = await mkdtemp(join(tmpdir(), "opsthread-redis-"));
  let running = await launch(await freePort(), folder, settings);
  // Somebody took the port in between.
  for (let tries = 0; !running.isUp && tries < 5; tries += 1)
    running = await launch(await freePort(), folder, settings);
  if (!running.isUp) throw new Error(`Cannot start redis-server:\n${running.said}`);
  const { port } = running;
  const kill = async (): Promise<void> => await end(running.child);
  return {
    url: `redis://127.0.0.1:${port}`,
    process: {
      get pid() {
        return running.child.pid ?? 0;
      },
      kill,
      async restart() {
        running = await launch(port, folder, settings);
        if (!running.isUp) throw new Error(`Cannot start redis-server again:\n${running.said}`);
      },
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly port: number;
  readonly isUp: boolean;
  readonly said: string;
}

async function launch(
  port: number,
  folder: string,
  settings: readonly string[],
): Promise<Launched> {
  const own = {
    "--bind": "127.0.0.1",
    "--port": String(port),
    "--dir": folder,
    "--appendonly": "yes",
    "--save": "",
    "--maxmemory-policy": "noeviction",
    // The time until delayed jobs are looked at depends on it.
    "--hz": "100",
  };
  const child = spawn("redis-server", [...Object.entries(own).flat(), ...settings], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      said = `${said}${bytes.toString()}`.slice(-2000);
    });
  const ended = once(child, "exit");
  const isUp = await Promise.race([answers(port), ended.then(() => false)]);
  if (!isUp) await end(child);
  return { child, port, isUp, said };
}

/** Whether it answers and has read its data, within its patience. */
export async function answers(port: number): Promise<boolean> {
  for (const until = Date.now() + patienceMs; Date.now() < until; await delay(10))
    if (/^(\+PONG|-NOAUTH)/.test(await ping(port))) return true;
  return false;
}

/** What it says to a PING; nothing when it does not listen. */
async function ping(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  try {
    socket.write("PING\r\n");
    const [answer]: unknown[] = await once(socket, "data", { signal: AbortSignal.timeout(1000) });
    return String(answer);
  } catch {
    return ""; // Not yet.
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new TypeError("No port was given");
  return address.port;
}

const patienceMs = 15_000;
