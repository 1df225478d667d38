import { existsSync } from "node:fs";

import { runOnHost } from "../../src/sandbox/host-command.ts";

/**
 * Makes sure that there is a `redis-server`: installs Debian's as root. Elsewhere it says what to do.
 */
export async function installRedis(): Promise<void> {
  if (await isThere()) return;
  const hint =
    "The tests of Redis need redis-server: install it, or set OPSTHREAD_TEST_REDIS_URL to one that is there";
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) throw new Error(hint);
  process.stderr.write("redis: installing redis-server\n");
  for (const args of [
    ["update", "-q"],
    ["install", "-y", "-q", "--no-install-recommends", "redis-server"],
  ]) {
    const { code, output } = await run(["apt-get", "-o", "Acquire::Retries=3", ...args]);
    if (code !== 0) throw new Error(`${hint}. apt-get ${args.join(" ")} failed:\n${output}`);
  }
}

const isThere = async (): Promise<boolean> => (await run(["redis-server", "--version"])).code === 0;

async function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  const signal = AbortSignal.timeout(300_000);
  return await runOnHost(command, { signal, env: { DEBIAN_FRONTEND: "noninteractive" } });
}
