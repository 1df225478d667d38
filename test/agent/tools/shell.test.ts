import { expect, test } from "vitest";

import { shellTool } from "../../../src/agent/tools/shell.ts";
import type { ExecResult, Outcome } from "../../../src/sandbox/sandbox.ts";
import { contextOf, exited, fakeSandbox, none } from "./fake-sandbox.ts";

const tool = shellTool();

async function run(exec: ExecResult) {
  return tool.run({ command: "x" }, contextOf(fakeSandbox({ exec })));
}

test("shell passes the execution id, the signal and the asked time-out on", async () => {
  const fake = fakeSandbox();
  const context = contextOf(fake);
  await tool.run({ command: "make", timeoutSeconds: 1.5 }, context);
  await tool.run({ command: "ls" }, context);
  expect(fake.executed).toEqual([
    { command: "make", options: { executionId: "x1", signal: context.signal, timeoutMs: 1500 } },
    { command: "ls", options: { executionId: "x1", signal: context.signal } },
  ]);
});

test("shell shows stdout and stderr apart, under how it ended", async () => {
  const result = await run({
    outcome: { type: "exit", code: 1 },
    stdout: { text: "a\nb\n", bytes: 4 },
    stderr: { text: "no such file", bytes: 12 },
    measures: { wallMs: 1234, cpuMs: 80, peakMemoryBytes: 25_165_824 },
  });
  expect(result.status).toBe("failed");
  expect(result.output).toMatchInlineSnapshot(`
    "exit code 1 · 1.2 s · 80 ms CPU · 24 MiB peak memory
    stdout: 4 bytes
    a
    b
    stderr: 12 bytes
    no such file"
  `);
  expect(result.measures).toEqual({
    exitCode: 1,
    wallMs: 1234,
    cpuMs: 80,
    peakMemoryBytes: 25_165_824,
    outputBytes: 16,
    shownBytes: 16,
  });
});

test("shell says how much is shown and where all of it lies", async () => {
  const result = await run({
    ...exited(0),
    stdout: { text: "head\n[cut]\ntail", bytes: 50_000, file: ".opsthread/out/x1.stdout" },
  });
  expect(result.output).toContain(
    "stdout: 15 of 50000 bytes shown, all in .opsthread/out/x1.stdout",
  );
  expect(result.measures).toMatchObject({
    outputBytes: 50_000,
    shownBytes: 15,
    fullOutput: ".opsthread/out/x1.stdout",
  });
});

test("shell says that cut output was not kept when there is no file", async () => {
  const result = await run({ ...exited(0), stderr: { text: "head", bytes: 90 } });
  expect(result.output).toContain("stderr: 4 of 90 bytes shown, the rest was not kept");
});

test("shell counts no more shown than produced when bytes are replaced", async () => {
  const result = await run({ ...exited(0), stdout: { text: "\uFFFD\uFFFD", bytes: 2 } });
  expect(result.measures).toMatchObject({ outputBytes: 2, shownBytes: 2 });
});

const endings: readonly [Outcome, string, string, object][] = [
  [{ type: "exit", code: 0 }, "ok", "exit code 0", { exitCode: 0 }],
  [{ type: "exit", code: 137 }, "failed", "exit code 137", { exitCode: 137 }],
  [{ type: "signal", signal: "SIGSEGV" }, "failed", "killed by SIGSEGV", { signal: "SIGSEGV" }],
  [
    { type: "timeout", limitMs: 90_000 },
    "failed",
    "timed out at its limit of 1 min 30 s",
    { timedOutAfterMs: 90_000 },
  ],
  [
    { type: "out-of-memory", limitBytes: 536_870_912 },
    "failed",
    "out of memory at its limit of 512 MiB",
    { outOfMemoryAtBytes: 536_870_912 },
  ],
  [{ type: "limit", limit: "output" }, "failed", "ended by a limit: output", {}],
  [{ type: "stopped" }, "stopped", "stopped before it was done", {}],
  [
    { type: "lost", reason: "the sandbox ended" },
    "unknown",
    "lost, whether it finished is not known: the sandbox ended",
    {},
  ],
];

test.each(endings)("shell tells the end %j as %s", async (outcome, status, text, measures) => {
  const result = await run({ outcome, stdout: none, stderr: none, measures: { wallMs: 5 } });
  expect(result.status).toBe(status);
  expect(result.output).toBe(`${text} · 5 ms\nstdout: empty\nstderr: empty`);
  expect(result.measures).toEqual({ wallMs: 5, outputBytes: 0, shownBytes: 0, ...measures });
});

test("shell picks a running command up again, or says that it is gone", async () => {
  const there = fakeSandbox({ attached: { ...exited(3), stdout: { text: "late", bytes: 4 } } });
  expect(await tool.reattach?.(contextOf(there))).toMatchObject({
    status: "failed",
    measures: { exitCode: 3 },
  });
  expect(await tool.reattach?.(contextOf(fakeSandbox()))).toBeUndefined();
});

test.each([
  [1, "1 process goes on in the background"],
  [2, "2 processes go on in the background"],
])("shell tells of %i processes that go on", async (background, text) => {
  const { output } = await run({ ...exited(0), background });
  expect(output.split("\n")[1]).toContain(text);
});
