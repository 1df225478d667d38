import { spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { findEngine } from "../../src/sandbox/docker/engine.ts";
import type { StartedEngine } from "./prepare-engine.ts";

/** A socket of our own: also found when an earlier run was killed before it could end its engine. */
export const engineSocket = "/run/opsthread-test/docker.sock";

/** How long dockerd may take to answer, and to end. */
const patienceMs = 60_000;

/**
 * Starts a dockerd that shares nothing with another one: its own data, sockets and process ids, and no bridge and no
 * firewall rules, as no sandbox has a network.
 */
export async function startEngine({
  runsc,
  signal,
  folder = "/run/opsthread-test",
  data = "/var/lib/opsthread-test",
}: {
  readonly runsc: string | undefined;
  readonly signal: AbortSignal;
  /** Sockets and process ids. Short: a socket's path has at most 107 bytes. */
  readonly folder?: string;
  /** Kept from run to run, so that the image is built once. */
  readonly data?: string;
}): Promise<StartedEngine> {
  for (const path of [folder, data]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const socket = join(folder, "docker.sock");
  const config = join(folder, "daemon.json");
  writeFileSync(config, JSON.stringify(runtimesOf(runsc)));
  const log = join(folder, "dockerd.log");
  const out = openSync(log, "w");
  const options = {
    "--config-file": config,
    "--data-root": data,
    "--exec-root": join(folder, "exec"),
    "--pidfile": join(folder, "dockerd.pid"),
    "--host": `unix://${socket}`,
    "--bridge": "none",
    "--iptables": "false",
    "--ip6tables": "false",
    "--log-level": "warn",
  };
  const args = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  const daemon = spawn("dockerd", args, { stdio: ["ignore", out, out] });
  const ended = new Promise<void>((resolve) => {
    daemon.on("exit", () => resolve());
    daemon.on("error", () => resolve());
  });
  const stop = async (): Promise<void> => {
    daemon.kill("SIGTERM");
    await Promise.race([ended, delay(patienceMs, undefined, { ref: false })]);
    daemon.kill("SIGKILL");
    await ended;
  };
  try {
    for (const until = Date.now() + patienceMs; Date.now() < until; await delay(200)) {
      const engine = await findEngine({ host: socket, signal });
      if (engine.reachable) return { engine, stop };
      if (daemon.exitCode !== null || daemon.pid === undefined) break;
    }
    const said = (await readFile(log, "utf8")).trim().split("\n").slice(-5).join("\n");
    throw new Error(`Cannot start dockerd: it does not answer at ${socket}\n${said}`);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** gVisor by ptrace works on the most kernels and inside of virtual machines; none of our sandboxes has a network. */
function runtimesOf(runsc: string | undefined): unknown {
  if (runsc === undefined) return {};
  const runtimeArgs = ["--platform=ptrace", "--network=none"];
  return { runtimes: { runsc: { path: runsc, runtimeArgs } } };
}
