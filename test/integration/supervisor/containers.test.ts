import { execFileSync, spawnSync } from "node:child_process";

import { expect, test } from "vitest";

import type { Client } from "./client.ts";
import { compile } from "./compile.ts";
import { execFlags, features } from "./frames.ts";
import { binary, supervise } from "./supervise.ts";

/** An image with a shell, which has to be there already. */
const image = process.env.OPSTHREAD_TEST_IMAGE ?? "bb:dev";
const runtimes = (() => {
  if (spawnSync("docker", ["image", "inspect", image]).status !== 0) return [];
  const known = execFileSync("docker", ["info", "--format", "{{json .Runtimes}}"]).toString();
  return ["runc", "runsc"].filter((name) => known.includes(`"${name}"`));
})();

function docker(runtime: string, probe: string): string[] {
  return [
    "docker",
    "run",
    "--rm",
    "--init",
    "--interactive",
    "--runtime",
    runtime,

    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--user",
    "65534",
    "--network",
    "none",
    "--read-only",
    "--tmpfs",
    "/tmp:size=16m,mode=1777",
    "--pids-limit",
    runtime === "runsc" ? "4096" : "64",
    "--memory",
    "128m",
    "--memory-swap",
    "128m",
    "-v",
    `${binary}:/supervisor:ro`,
    "-v",
    `${probe}:/probe:ro`,
    image,
    "/supervisor",
  ];
}

test.skipIf(runtimes.length === 0).each(runtimes)(
  "the supervisor works in a container (%s)",
  async (runtime) => {
    await using sandbox = await supervise({ command: docker(runtime, compile("hostile")) });
    const { client } = sandbox;
    expect(await client.sh("echo out; echo err >&2; exit 3")).toMatchObject({
      kind: "exit",
      code: 3,
      out: "out\n",
      err: "err\n",
    });
    const large = client.start({
      argv: ["cat"],
      flags: execFlags.stdin,
      env: [`X=${"x".repeat(60_000)}`, "PATH=/bin"],
    });
    client.stdin(large.handle, Buffer.alloc(60_000, "y"));
    client.stdin(large.handle);
    expect(await large.result).toMatchObject({ kind: "exit", out: "y".repeat(60_000) });

    const stopped = client.start({ argv: ["sh", "-c", "trap '' TERM; sleep 1000"] });
    await stopped.started;
    client.kill(stopped.handle);
    expect(await stopped.result).toMatchObject({ kind: "stopped" });
    expect(await client.sh("sleep 1000", { timeoutMs: 100 })).toMatchObject({ kind: "timeout" });

    const left = await client.sh("setsid sleep 1000 & (setsid sleep 1000 &); sleep 1000 & exit 0");
    expect(left).toMatchObject({ kind: "exit", code: 0, ended: 3 });
    const stays = await client.sh("sleep 1000 & exit 0", { background: 2 });
    expect(stays).toMatchObject({ kind: "exit", background: 1, ended: 0 });
    const { out } = await client.sh("ps -o args");
    expect(out.split("\n").filter((line) => line.includes("sleep"))).toHaveLength(1);

    const probe = await client.sh("exec /probe 1 $PPID $(cut -d' ' -f4 /proc/$PPID/stat)");
    expect(probe).toMatchObject({ kind: "exit", code: 0 });
    expect(probe.out.split("\n").filter((line) => !isKnown(line, client))).toEqual(["done", ""]);
    expect(await client.ping()).toBe("are you there");
    client.end();
    expect(await sandbox.exited).toBe(0);
    expect(client.bye).toBe(0);
  },
);

test.skipIf(!runtimes.includes("runc"))(
  "memory and processes run out truthfully in a container",
  async () => {
    await using sandbox = await supervise({ command: docker("runc", compile("bomb")) });
    const { client } = sandbox;
    const hog = await client.sh("x=x; while :; do x=$x$x; done", { timeoutMs: 60_000 });
    expect(hog).toMatchObject({ kind: "out-of-memory", code: 137 });
    expect(await client.run({ argv: ["/probe"], timeoutMs: 300 })).toMatchObject({
      kind: "timeout",
    });
    const bomb = client.start({ argv: ["/probe"] });
    await bomb.started;
    const during = await client.run({ argv: ["true"] });
    expect(["exit", "failed-exec"]).toContain(during.kind);
    client.kill(bomb.handle);
    expect(await bomb.result).toMatchObject({ kind: "stopped" });
    expect(await client.sh("echo on")).toMatchObject({ kind: "exit", out: "on\n" });
  },
);

/** docker-init is not closed to processes of its user, and in some versions of gVisor no process is. */
function isKnown(line: string, client: Client): boolean {
  const isClosed = (client.features & features.closedStream) !== 0;
  return line.endsWith(", O_WRONLY) 1") || (!isClosed && line.startsWith("open_proc"));
}
