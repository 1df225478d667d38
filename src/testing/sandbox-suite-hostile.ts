import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import {
  exec,
  openSandbox,
  output,
  read,
  secondsToStop,
  signal,
  stopping,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases } from "./sandbox-suite.ts";

/** What hostile code tries, in sandboxes that run real programs. Each is contained and told. */
export const hostileCases: SandboxCases = {
  "a fork bomb is contained, told and gone": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { pids: 64, commandMs: 4_000 } });
    const marker = markerOf();
    const result = await exec(sandbox, `f() { f & f & sleep ${marker}; }; f`, { timeoutMs: 3_000 });

    assert.notDeepEqual(result.outcome, { type: "lost" });
    await nothingLeft(marker);
    assert.equal(await output(sandbox, "echo alive"), "alive\n");
  },

  "a process that ignores SIGTERM is stopped within a second": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const marker = markerOf();
    const { signal: stop, sinceStopMs } = stopping(400);
    const command = `trap '' TERM INT HUP; while :; do sleep ${marker} & wait; done`;
    const { outcome } = await exec(sandbox, command, { signal: stop });

    assert.deepEqual(outcome, { type: "stopped" });
    assert(sinceStopMs() < secondsToStop, `${sinceStopMs()} ms`);
    await nothingLeft(marker);
  },

  "what leaves its group, its session or its parent is stopped with the command": async (
    subject,
  ) => {
    await using sandbox = await openSandbox(subject);
    for (const escape of [
      "setsid sleep MARK & wait",
      "(setsid sh -c 'sleep MARK & sleep MARK' > /dev/null 2>&1 < /dev/null &) ; sleep MARK",
      "sh -c 'sleep MARK &' ; sh -c '(sleep MARK &)' ; sleep MARK",
    ]) {
      const marker = markerOf();
      const { signal: stop } = stopping(400);
      const { outcome } = await exec(sandbox, escape.replaceAll("MARK", marker), { signal: stop });

      assert.deepEqual(outcome, { type: "stopped" }, escape);
      await nothingLeft(marker);
    }
  },

  "a command that has timed out leaves nothing running": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const marker = markerOf();
    const command = `setsid sleep ${marker} & sleep ${marker}`;
    const { outcome } = await exec(sandbox, command, { timeoutMs: 500 });

    assert.deepEqual(outcome, { type: "timeout", limitMs: 500 });
    await nothingLeft(marker);
  },

  "what goes on in the background is told, bounded, and ends with the sandbox": async (subject) => {
    const sandbox = await openSandbox(subject, { limits: { backgroundProcesses: 2 } });
    const marker = markerOf();
    const two = await exec(sandbox, `sleep ${marker} & sleep ${marker} & echo started`);
    const tooMany = await exec(
      sandbox,
      `for i in 1 2 3 4; do sleep ${marker} & done; echo started`,
    );
    const running = await countOf(marker);
    await sandbox.close();

    assert.deepEqual(two.outcome, { type: "exit", code: 0 });
    assert.equal(two.background, 2);
    assert.equal(tooMany.background, undefined);
    if (seesProcesses(subject)) assert.equal(running, 2);
    await nothingLeft(marker);
  },

  "ten gigabytes of output are ended early": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const before = process.memoryUsage.rss();
    const { outcome, stdout } = await exec(sandbox, "head -c 10000000000 /dev/zero");

    assert.deepEqual(outcome, { type: "limit", limit: "outputBytes" });
    assert(stdout.bytes < 100_000_000, String(stdout.bytes));
    assert(process.memoryUsage.rss() - before < 64_000_000);
    assert.equal(await output(sandbox, "echo alive"), "alive\n");
  },

  "files in memory count as memory": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { tmpBytes: 8_000_000 } });
    const { outcome } = await exec(sandbox, "head -c 50000000 /dev/zero > /tmp/big");

    assert.notDeepEqual(outcome, { type: "exit", code: 0 });
    assert(Number(await output(sandbox, "wc -c < /tmp/big")) <= 8_100_000);
  },

  "the host's switches can't be moved": async (subject) => {
    await using sandbox = await openSandbox(subject);
    for (const attack of [
      "echo x > /proc/sys/kernel/core_pattern",
      "echo b > /proc/sysrq-trigger",
      "echo 1 > /proc/sys/vm/drop_caches",
      "echo 1 > /proc/sys/kernel/panic",
      "echo -1000 > /proc/1/oom_score_adj",
      "test $(head -c 1 /proc/kcore | wc -c) = 1",
      "head -c 1 /dev/mem",
      "mkdir /sys/fs/cgroup/x",
      "echo 1 > /sys/kernel/mm/transparent_hugepage/enabled",
      "mount -t tmpfs none /workspace",
      "mount --bind / /workspace",
      "mknod d b 8 0",
      "mknod d c 1 1",
      "chroot / true",
      "unshare -U true",
      "unshare -r id",
      "touch /etc/x",
      "touch /x",
      "touch /usr/x",
      "chown 0 .",
      "hostname evil",
    ]) {
      const { outcome } = await exec(sandbox, attack);
      assert.notDeepEqual(outcome, { type: "exit", code: 0 }, attack);
    }
  },

  "a command has no privileges and can't get any": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const status = await output(sandbox, "cat /proc/self/status; id -u; ls -l /proc/self/fd");

    assert.match(status, /^\d+$/m);
    assert.doesNotMatch(status, /^0$/m);
    for (const line of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
      assert.match(status, new RegExp(`^${line}:\\s+0+$`, "m"));
    if (/^NoNewPrivs:/m.test(status)) assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.doesNotMatch(status, /socket:/);
  },

  "there is no way to the network": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const interfaces = await output(sandbox, "cat /proc/net/dev");
    assert.deepEqual(
      interfaces.split("\n").flatMap((line) => /^\s*(\w+):/.exec(line)?.[1] ?? []),
      ["lo"],
    );
    for (const address of ["169.254.169.254", "10.0.0.1", "192.0.2.1"]) {
      const startedAt = performance.now();
      const { outcome } = await exec(sandbox, `exec 3<>/dev/tcp/${address}/80`);
      assert.notDeepEqual(outcome, { type: "exit", code: 0 }, address);
      assert(performance.now() - startedAt < 2_000, address); // Refused at once, not timed out.
    }
    for (const [name, socket] of [
      ["packet", "17, 3, 768"],
      ["raw", "2, 3, 1"],
      ["raw6", "10, 3, 58"],
      ["vsock", "40, 1, 0"],
      ["alg", "38, 5, 0"],
    ]) {
      const { outcome } = await exec(sandbox, `perl -e 'socket(S, ${socket}) or exit 9'`);
      assert.deepEqual(outcome, { type: "exit", code: 9 }, name);
    }
  },

  "file names of all kinds are only names": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const longest = "n".repeat(255);
    await output(sandbox, `touch ${longest} 'a\nb' -- '--help' $'\\x01'`);
    const { outcome } = await exec(sandbox, `touch ${"n".repeat(300)}`);
    const names = await sandbox.files.list(".", { limit: 100 });

    assert.notDeepEqual(outcome, { type: "exit", code: 0 });
    assert.equal(names?.length, 4);
    assert.equal(await read(sandbox, longest), "");
    await output(
      sandbox,
      "for i in $(seq 1 60); do mkdir -p d/d/d/d/d/d/d/d/d/d && cd d/d/d/d/d/d/d/d/d/d || exit; done; touch deep",
    );
    assert.equal(await output(sandbox, "echo alive"), "alive\n");
  },

  "output can't be forged and a supervisor can't be stopped": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const attacks = [
      "for p in /proc/[0-9]*; do kill -9 ${p#/proc/} 2>/dev/null; done; true",
      "for p in /proc/[0-9]*; do kill -STOP ${p#/proc/} 2>/dev/null; done; true",
      "kill -9 -1",
      "for f in /proc/[0-9]*/fd/*; do case $f in /proc/$$/*) ;; *) printf '\\xf0OPSTHREAD-SYNC\\xf1' > $f ;; esac; done 2>/dev/null; true",
      "for p in /proc/[0-9]*; do prlimit --pid ${p#/proc/} --cpu=1 --nofile=1; done 2>/dev/null; true",
      "for p in /proc/[0-9]*; do renice 19 ${p#/proc/}; taskset -p 1 ${p#/proc/}; done > /dev/null 2>&1; true",
    ];
    for (const attack of attacks) {
      await exec(sandbox, attack, { timeoutMs: 5_000 });
      const { outcome, stdout } = await exec(sandbox, "echo alive");
      assert.deepEqual([outcome, stdout.text], [{ type: "exit", code: 0 }, "alive\n"], attack);
    }
  },

  "a workspace that changes under the host's hands leads nowhere": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await output(sandbox, "mkdir d; echo mine > d/passwd");
    const { signal: stop } = stopping(3_000);
    const swapping = exec(sandbox, "while :; do mv d e && ln -s /etc d; rm d && mv e d; done", {
      signal: stop,
    });
    const seen = new Set<string>();
    while (!stop.aborted) {
      for (let times = 0; times < 50; times += 1) {
        const file = await sandbox.files
          .read("d/passwd", { offset: 0, length: 100 })
          .catch(() => undefined);
        if (file) seen.add(Buffer.from(file.bytes).toString());
      }
      await sandbox.files.write("d/written", Buffer.from("x"), { signal }).catch(() => {});
      const tar = await sandbox.files.exportTar(".", { signal }).catch(() => undefined);
      try {
        for await (const chunk of tar ?? []) assert(!Buffer.from(chunk).includes("root:"));
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // It changed under the export, which may fail but not tell.
      }
    }
    await swapping;

    assert.deepEqual([...seen], ["mine\n"]);
    const { outcome } = await exec(sandbox, "test -e /etc/written");
    assert.deepEqual(outcome, { type: "exit", code: 1 });
  },
};

let markers = 0;

/** A number of seconds that no other process sleeps. */
const markerOf = (): string => `${70_000 + (process.pid % 10_000)}.${(markers += 1)}`;

/** Whether the host sees the sandbox's processes: not when they run in a kernel of their own. */
const seesProcesses = ({
  provider,
}: {
  provider: { capabilities: { isolation: string } };
}): boolean => provider.capabilities.isolation !== "vm";

async function countOf(marker: string): Promise<number> {
  let count = 0;
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command === `sleep\0${marker}\0`) count += 1;
  }
  return count;
}

/** From the host: no such process is left. One that is being reaped may be seen for a moment. */
async function nothingLeft(marker: string): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    if ((await countOf(marker)) === 0) return;
    await delay(25);
  }
  assert.fail(`${await countOf(marker)} processes are left`);
}
