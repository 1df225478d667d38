import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { answers, freePort } from "./redis-server.ts";

/** A sentinel that knows the server of this URL as the master `main`; its own URL. */
export async function startSentinel(
  server: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-sentinel-"));
  const port = await freePort();
  const file = join(folder, "sentinel.conf");
  const { port: master } = new URL(server);
  const lines = ["bind 127.0.0.1", `port ${port}`, `sentinel monitor main 127.0.0.1 ${master} 1`];
  await writeFile(file, `${lines.join("\n")}\n`);
  const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
  const ended = once(child, "exit");
  if (!(await answers(port))) throw new Error("Cannot start a sentinel: it does not answer");
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
