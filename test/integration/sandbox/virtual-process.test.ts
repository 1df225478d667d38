import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

import { virtualSandboxes } from "opsthread/virtual";
import { expect, test, vi } from "vitest";

import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { openVirtual } from "./open-virtual.ts";

const { signal } = new AbortController();

type Subject = Awaited<ReturnType<typeof openVirtual>>;

const openSandbox = ({ provider, folder }: Subject, limits: Partial<Limits>): Promise<Sandbox> =>
  provider.open(
    {
      sessionId: "s_1",
      permissions: Permissions.parse({}),
      limits: Limits.parse(limits),
      sources: [{ name: "host", hostPath: folder }],
    },
    { signal },
  );

/** Writes a module with one task, which tells a process id as its progress and then never ends. */
async function taskModule({ folder }: Subject, name: string, tellPid: string): Promise<string> {
  const file = join(folder, "task.mjs");
  const input = "{ safeParseAsync: async (data) => ({ success: true, data }) }";
  const run = `async run(_, { progress }) {
    progress({ text: String(${tellPid}) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (;;);
  }`;
  const lines = [
    `import { spawn } from "node:child_process";`,
    `export const task = { name: "${name}", input: ${input}, ${run} };`,
  ];
  await writeFile(file, lines.join("\n"));
  return pathToFileURL(file).href;
}

function startHost({ folder }: Subject, module: string, how: string): ChildProcess {
  const host = fileURLToPath(new URL("./host.mjs", import.meta.url));
  return fork(host, [folder, module, how], { stdio: "inherit" });
}

/** Whether a process is there. One that has ended but was not waited for is not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a busy runner ends when its host is killed", async () => {
  await using subject = await openVirtual();
  const module = await taskModule(subject, "spin", "process.pid");
  const host = startHost(subject, module, "spin");
  const [pid] = (await once(host, "message")) as [number];

  await delay(500); // By now it is in its endless loop, and hears nothing.
  host.kill("SIGKILL");
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5_000 });
});

test("an idle sandbox does not keep its host alive", async () => {
  await using subject = await openVirtual();
  const [code] = (await once(startHost(subject, "", "leave"), "exit")) as [number];
  expect(code).toBe(0);
}, 20_000);

test("what a task started is killed with it", async () => {
  await using subject = await openVirtual();
  const spawned = `spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }).pid`;
  const module = await taskModule(subject, "spawn", spawned);
  await using sandbox = await openSandbox(subject, { taskMs: 1_500 });
  let pid = 0;
  const { outcome } = await sandbox.task(
    { name: "spawn", module, input: {} },
    {
      signal,
      executionId: "x_1",
      onProgress({ text }) {
        pid = Number(text);
      },
    },
  );

  expect(outcome).toEqual({ type: "timeout", limitMs: 1_500 });
  expect(pid).toBeGreaterThan(0);
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5_000 });
});

test("a listener that throws fails the run and ends its process", async () => {
  await using subject = await openVirtual();
  const module = await taskModule(subject, "spin", "process.pid");
  await using sandbox = await openSandbox(subject, {});
  let pid = 0;
  const run = sandbox.task(
    { name: "spin", module, input: {} },
    {
      signal,
      executionId: "x_1",
      onProgress({ text }) {
        pid = Number(text);
        throw new Error("The listener broke");
      },
    },
  );

  await expect(run).rejects.toThrow("The listener broke");
  expect(isRunning(pid)).toBe(false);
});

test("a file that the shell can't hold is said to be there", async () => {
  await using subject = await openVirtual();
  await writeFile(join(subject.folder, "huge.log"), "");
  await truncate(join(subject.folder, "huge.log"), 10_000_000_000);
  await using sandbox = await openSandbox(subject, {});
  const { stderr } = await sandbox.exec("ls /sources/host; wc -c /sources/host/huge.log", {
    signal,
    executionId: "x_1",
  });

  expect(stderr.text).toContain("/sources/host/huge.log: the file is there, but it is larger than");
});

test("a script that the interpreter gives up on says which limit", async () => {
  await using subject = await openVirtual();
  await using sandbox = await openSandbox(subject, {});
  const { outcome } = await sandbox.exec("f() { f; }; f", { signal, executionId: "x_1" });
  expect(outcome).toEqual({ type: "limit", limit: "f: maximum recursion depth (100) exceeded" });
});

test("folders may be given relative to where the host runs", async () => {
  await using subject = await openVirtual();
  await writeFile(join(subject.folder, "file"), "text");
  await using sandboxes = virtualSandboxes({ folder: relative(".", join(subject.folder, "w")) });
  await using sandbox = await openSandbox(
    { ...subject, provider: sandboxes, folder: relative(".", subject.folder) },
    {},
  );
  const { stdout } = await sandbox.exec("cat /sources/host/file > copy; cat copy", {
    signal,
    executionId: "x_1",
  });
  expect(stdout.text).toBe("text");
});

test("a small memory limit is for the command, not for the interpreter", async () => {
  await using subject = await openVirtual();
  await using sandbox = await openSandbox(subject, { memoryBytes: 16 * 1024 * 1024 });
  const { outcome } = await sandbox.exec("seq 1 1000 | sort | tail -1", {
    signal,
    executionId: "x_1",
  });
  expect(outcome).toEqual({ type: "exit", code: 0 });
});
