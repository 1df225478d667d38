import assert from "node:assert/strict";

import {
  exec,
  numbersTo,
  openSandbox,
  output,
  read,
  refuses,
  secondsToStop,
  signal,
  stopping,
  write,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases } from "./sandbox-suite.ts";

export const limitCases: SandboxCases = {
  "a command that takes too long is ended": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { commandMs: 800 } });
    await write(sandbox, "file", "kept\n");
    const result = await exec(sandbox, "while true; do :; done", { timeoutMs: 60_000 });

    assert.deepEqual(result.outcome, { type: "timeout", limitMs: 800 });
    assert.equal(result.measures.timedOutAfterMs, 800);
    assert.equal(result.measures.exitCode, undefined);
    assert.deepEqual((await exec(sandbox, "sleep 50", { timeoutMs: 300 })).outcome, {
      type: "timeout",
      limitMs: 300,
    });
    assert.equal(await output(sandbox, "cat file"), "kept\n");
  },

  "a command is stopped within a second, whatever it does": async (subject) => {
    await using sandbox = await openSandbox(subject);
    for (const command of [
      "while true; do :; done",
      "sleep 50",
      "sleep 50 & wait",
      "seq 1 100000000 | sort",
    ]) {
      await output(sandbox, "true");
      const { signal: stop, sinceStopMs } = stopping(300);
      const result = await exec(sandbox, command, { signal: stop });

      assert.deepEqual(result.outcome, { type: "stopped" }, command);
      assert(sinceStopMs() < secondsToStop, `${command}: ${sinceStopMs()} ms`);
    }
    assert.equal(await output(sandbox, "echo alive"), "alive\n");
  },

  "a command that was stopped before it began does not begin": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const result = await exec(sandbox, "echo x > file", { signal: AbortSignal.abort() });

    assert.deepEqual(result.outcome, { type: "stopped" });
    assert.equal(await read(sandbox, "file"), undefined);
  },

  "a stopped command does not hold up the one that waits": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const { signal: stop } = stopping(300);
    const first = exec(sandbox, "while true; do :; done", { signal: stop });
    const second = output(sandbox, "echo next");

    assert.equal(await second, "next\n");
    assert.deepEqual((await first).outcome, { type: "stopped" });
  },

  "a command that takes too much memory is ended, and nothing else": async (subject) => {
    const memoryBytes = 96 * 1024 * 1024;
    await using sandbox = await openSandbox(subject, { limits: { memoryBytes } });
    await write(sandbox, "file", "kept\n");
    const result = await exec(sandbox, subject.memoryHog);

    assert.deepEqual(result.outcome, { type: "out-of-memory", limitBytes: memoryBytes });
    assert.equal(result.measures.outOfMemoryAtBytes, memoryBytes);
    assert.equal(await output(sandbox, "cat file"), "kept\n");
  },

  "a flood of output is ended": async (subject) => {
    const limits = { outputBytes: 1_000_000, shownBytes: 1_000 };
    await using sandbox = await openSandbox(subject, { limits });
    const before = process.memoryUsage.rss();
    const result = await exec(sandbox, "while true; do seq 1 2000; done");

    assert.deepEqual(result.outcome, { type: "limit", limit: "outputBytes" });
    assert(Buffer.byteLength(result.stdout.text) <= 1_000);
    assert(result.stdout.bytes <= 2_000_000);
    assert(process.memoryUsage.rss() - before < 100_000_000);
    assert.equal(await output(sandbox, "echo alive"), "alive\n");
  },

  "much output below the limit is kept whole": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { memoryBytes: 2 ** 30 } });
    const result = await exec(sandbox, "seq 1 300000");

    assert.deepEqual(result.outcome, { type: "exit", code: 0 });
    assert(result.stdout.file !== undefined);
    assert.equal(await read(sandbox, result.stdout.file), numbersTo(300_000));
  },

  "what was printed long ago makes room for what is printed now": async (subject) => {
    const limits = { workspaceBytes: 4_000_000, memoryBytes: 2 ** 30 };
    await using sandbox = await openSandbox(subject, { limits });
    for (let count = 0; count < 12; count += 1) {
      const { outcome, stdout } = await exec(sandbox, "seq 1 100000");
      assert.deepEqual(outcome, { type: "exit", code: 0 });
      assert(stdout.file !== undefined);
      if (count === 11) assert.equal(await read(sandbox, stdout.file), numbersTo(100_000));
    }
  },

  "no file grows over its limit": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { fileBytes: 100_000 } });
    await output(sandbox, "seq 1 10000 > fits");
    for (const command of [
      "seq 1 100000 > big",
      "while true; do seq 1 1000 >> big; done",
      "cat fits fits fits > big",
      "cp fits big; cat fits fits >> big",
    ]) {
      const { outcome } = await exec(sandbox, command, { timeoutMs: 20_000 });
      const size = (await sandbox.files.read("big", { offset: 0, length: 0 }))?.size ?? 0;

      assert.notDeepEqual(outcome, { type: "exit", code: 0 }, command);
      assert.notEqual(outcome.type, "timeout", command);
      assert(size <= 100_000, `${command}: ${size}`);
      await exec(sandbox, "rm -f big");
    }
    await refuses("SANDBOX_QUOTA", () => write(sandbox, "big", "x".repeat(100_001)));
    assert.equal(await read(sandbox, "big"), undefined);
  },

  "the workspace does not grow over its limit, and can be cleared": async (subject) => {
    const limits = { workspaceBytes: 2_000_000 };
    await using sandbox = await openSandbox(subject, { limits });
    const fill = "i=0; while true; do i=$((i+1)); seq 1 20000 > f$i; done";
    const { outcome } = await exec(sandbox, fill, { timeoutMs: 30_000 });
    const total = async (): Promise<number> =>
      ((await sandbox.files.list(".", { limit: 1_000 })) ?? []).reduce(
        (sum, { size }) => sum + size,
        0,
      );

    assert.equal(outcome.type, "limit");
    assert((await total()) <= 2_000_000);
    assert((await total()) >= 1_000_000);
    await refuses("SANDBOX_QUOTA", () => write(sandbox, "more", "x".repeat(1_000_000)));
    await output(sandbox, "rm -f f*");
    await write(sandbox, "more", "x".repeat(1_000_000));
    await output(sandbox, "seq 1 20000 > again; mv again more; rm more");
  },

  "files that hold nothing are not free": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { workspaceBytes: 200_000 } });
    await exec(sandbox, "for i in $(seq 1 500); do touch f$i; done");
    const files = await sandbox.files.list(".", { limit: 1_000 });

    assert(Number(files?.length) < 100);
  },

  "the limit of the workspace counts what earlier sandboxes left": async (subject) => {
    const limits = { workspaceBytes: 1_000_000 };
    const first = await openSandbox(subject, { limits });
    await write(first, "a", "x".repeat(800_000));
    await first.close();
    await using second = await openSandbox(subject, { limits });

    await refuses("SANDBOX_QUOTA", () =>
      second.files.write("b", Buffer.alloc(400_000), { signal }),
    );
    assert.notDeepEqual((await exec(second, "cp a b")).outcome, { type: "exit", code: 0 });
  },
};
