import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { inject } from "vitest";

const execute = promisify(execFile);

const engine = inject("engine");

/** For the docker program and for host programs, so that they use the engine and the image of the tests. */
export const engineEnv: NodeJS.ProcessEnv = {
  ...process.env,
  ...(engine.available && {
    DOCKER_HOST: urlOf(engine.socket),
    OPSTHREAD_TEST_IMAGE: engine.image,
  }),
};

function urlOf(socket: string): string {
  return socket.startsWith("/") ? `unix://${socket}` : socket;
}

/** A number of seconds for `sleep` by which its process is known among all of the machine's. */
export const marker = (): string => String(1_000_000 + Math.floor(Math.random() * 9_000_000));

/** How many host processes have this text in their command line. */
export async function processesWith(text: string): Promise<number> {
  let found = 0;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => ""); // It ended.
    if (line.replaceAll("\0", " ").includes(text)) found += 1;
  }
  return found;
}

/** Ids of the containers, running or not, of the installation that keeps its state in a folder. */
export async function containersOf(stateFolder: string): Promise<readonly string[]> {
  const instance = (await readFile(join(stateFolder, "instance"), "utf8")).trim();
  const args = ["ps", "-aq", "--filter", `label=opsthread.instance=${instance}`];
  return (await execute("docker", args, { env: engineEnv })).stdout.split("\n").filter(Boolean);
}

/** An image with nothing in it; disposing removes it. */
export async function emptyImage(): Promise<AsyncDisposable & { readonly name: string }> {
  const name = `opsthread-test-empty:${marker()}`;
  await execute("sh", ["-c", `head -c 1024 /dev/zero | docker import - ${name}`], {
    env: engineEnv,
  });
  return {
    name,
    async [Symbol.asyncDispose]() {
      await execute("docker", ["rmi", "-f", name], { env: engineEnv });
    },
  };
}

/** What this process takes at most, on top of what it takes now, while something goes on: bytes. */
export async function extraMemory(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 10);
  try {
    await work();
    return Math.max(most, process.memoryUsage.rss()) - before;
  } finally {
    clearInterval(timer);
  }
}
